import { faultOfStatus, faultOfText, IrisFault } from './iris-fault.ts';

/** A row by lower-cased column names: IRIS may return another case than the statement has. */
export type Row = ReadonlyMap<string, unknown>;

/** What the server tells of itself: the highest version of its API. */
export type ServerInfo = { readonly api: number };

/** Rows of the first result set, whether the answer is in the form of objects or in the positional form; none after a
 *  statement that gives no rows.
 *  @throws IrisFault for an error in the body, whatever the status, else by the status */
export function rowsOf(status: number, body: string): Row[] {
  const { result } = soundEnvelope(status, body);
  if (Array.isArray(result)) return positionalRows(result[0]);
  if (!isObject(result) || !('content' in result))
    throw new IrisFault('protocol', { status, outcomeUnknown: true });
  return Array.isArray(result.content) ? result.content.map(objectRow) : [];
}

/** The answer of `GET /api/atelier/`; an API that does not tell its version is taken for the first one. */
export function serverInfoOf(status: number, body: string): ServerInfo {
  const { result } = soundEnvelope(status, body);
  const content = isObject(result) ? result.content : undefined;
  if (!isObject(content)) throw new IrisFault('protocol', { status });
  return { api: numberOf(content.api) ?? 1 };
}

/** A number or a numeric text; null for SQL NULL in each of the forms in which it may arrive. */
export function numberOf(value: unknown): number | null {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.trim() === '') return null;
  const number = Number(value);
  return Number.isNaN(number) ? null : number;
}

/** The body decides before the status: SQL errors come with 200 as well as with 500. */
function soundEnvelope(status: number, body: string): Record<string, unknown> {
  const envelope = parsed(body);
  if (isObject(envelope)) {
    const text = errorText(envelope);
    if (text !== undefined) throw faultOfText(text, status);
  }
  const fault = faultOfStatus(status);
  if (fault) throw fault;
  // A page of a proxy or a cut text says nothing about what IRIS did.
  if (!isObject(envelope) || status < 200 || status > 299)
    throw new IrisFault('protocol', { status, outcomeUnknown: true });
  return envelope;
}

/** `status.errors` as objects or texts, or `result.status`; never `summary`, which may be escaped for HTML. */
function errorText({ status, result }: Record<string, unknown>): string | undefined {
  const errors = isObject(status) && Array.isArray(status.errors) ? status.errors : [];
  if (errors.length > 0)
    return errors.map((one) => (isObject(one) ? String(one.error ?? '') : String(one))).join('\n');
  const own = isObject(result) ? result.status : undefined;
  return typeof own === 'string' && own !== '' ? own : undefined;
}

function positionalRows(set: unknown): Row[] {
  const { columns = [], content = [] } = isObject(set) ? set : {};
  if (!Array.isArray(columns) || !Array.isArray(content))
    throw new IrisFault('protocol', { outcomeUnknown: true });
  const names = columns.map((column) => (isObject(column) ? String(column.name).toLowerCase() : ''));
  return content.map((row) => {
    if (!Array.isArray(row)) return objectRow(row);
    if (row.length !== names.length) throw new IrisFault('protocol', { outcomeUnknown: true });
    return new Map(row.map((value, i) => [names[i] ?? '', value]));
  });
}

function objectRow(row: unknown): Row {
  if (!isObject(row)) throw new IrisFault('protocol', { outcomeUnknown: true });
  return new Map(Object.entries(row).map(([name, value]) => [name.toLowerCase(), value]));
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
