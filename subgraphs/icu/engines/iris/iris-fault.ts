import { RadiographError } from '#common/errors.ts';

/** Why IRIS gave no answer. */
export type IrisFaultKind =
  | 'auth'
  | 'licence'
  | 'model-missing'
  | 'untrained'
  | 'provider-unavailable'
  | 'type-mismatch'
  | 'label-unknown'
  | 'sql'
  | 'protocol'
  | 'unreachable'
  | 'timeout'
  | 'resting';

/** For people; with a code at most, never with SQL, values or hosts. */
const WORDS: Record<IrisFaultKind, string> = {
  auth: 'The ICU database refused the account or its privileges',
  licence: 'The ICU database has no licence slot left',
  'model-missing': 'The ICU database does not have the model or its table',
  untrained: 'The ICU model has not been trained',
  'provider-unavailable': 'The ICU database cannot run its machine learning provider',
  'type-mismatch': 'The columns of the ICU model are of other types',
  'label-unknown': 'The ICU model was trained on other outcomes',
  sql: 'The ICU database refused a statement',
  protocol: 'The ICU database answered in another form than expected',
  unreachable: 'The ICU database cannot be reached',
  timeout: 'The ICU database did not answer in time',
  resting: 'The ICU database is left alone for a while, since it did not answer',
};

/** Over after a short while, as far as IRIS tells. */
const PASSING = new Set<IrisFaultKind>(['licence', 'resting']);

/** Every fault of the engine: ICU_UNAVAILABLE to callers, its kind for the log and for what is done next. */
export class IrisFault extends RadiographError {
  override name = 'IrisFault';
  readonly kind: IrisFaultKind;
  readonly sqlcode: number | undefined;
  readonly status: number | undefined;
  /** Whether IRIS may have done, or still be doing, what was asked. */
  readonly outcomeUnknown: boolean;

  constructor(
    kind: IrisFaultKind,
    about: { sqlcode?: number | undefined; status?: number; outcomeUnknown?: boolean } = {},
  ) {
    const code = about.sqlcode === undefined ? '' : ` (SQLCODE ${about.sqlcode})`;
    super('ICU_UNAVAILABLE', `${WORDS[kind]}${code}`, PASSING.has(kind) ? { retryAfterSeconds: 5 } : {});
    this.kind = kind;
    this.sqlcode = about.sqlcode;
    this.status = about.status;
    this.outcomeUnknown = about.outcomeUnknown ?? false;
  }
}

const BY_SQLCODE = new Map<number, IrisFaultKind>([
  [-99, 'auth'],
  [-30, 'model-missing'],
  [-181, 'model-missing'],
  [-191, 'untrained'],
  [-184, 'provider-unavailable'],
  [-186, 'provider-unavailable'],
  [-190, 'provider-unavailable'],
  [-193, 'type-mismatch'],
]);

/** A positive label that the training never saw; IRIS hides it in a general fatal error. */
const LABEL_NOT_FOUND = /#2853\b/;

/** The fault that a text of IRIS tells of: `… SQLCODE: -30 …` or `[SQLCODE: <-181>:<…>]`, of nested ones the outer. */
export function faultOfText(text: string, status: number): IrisFault {
  const [, digits] = /SQLCODE[:=]\s*<?(-?\d+)/i.exec(text) ?? [];
  const sqlcode = digits === undefined ? undefined : Number(digits);
  if (LABEL_NOT_FOUND.test(text)) return new IrisFault('label-unknown', { sqlcode, status });
  if (sqlcode !== undefined) return new IrisFault(BY_SQLCODE.get(sqlcode) ?? 'sql', { sqlcode, status });
  return faultOfStatus(status) ?? new IrisFault('sql', { status });
}

/** The fault that a status alone tells of. */
export function faultOfStatus(status: number): IrisFault | undefined {
  if (status === 401 || status === 403) return new IrisFault('auth', { status });
  // IRIS answers so when its licence slots are used up; nothing was done.
  if (status === 503) return new IrisFault('licence', { status });
  return undefined;
}
