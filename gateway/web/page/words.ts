import type { Fault } from './fault.ts';
import type { JobStatus } from './job-operations.ts';
import type { Verdict } from './verdict.ts';

/** Keeps a number and its unit on one line. */
const BOUND = '\u00a0';

/** A share of 1 in percent, with one digit behind the point. */
export const percent = (share: number): string => `${(share * 100).toFixed(1)}${BOUND}%`;

/** With its sign, a true minus among them. */
export const signed = (value: number): string => `${value < 0 ? '\u2212' : '+'}${Math.abs(value).toFixed(2)}`;

export function fileSize(bytes: number): string {
  if (bytes < 1024) return `${bytes}${BOUND}B`;
  const kilo = bytes / 1024;
  return kilo < 1024 ? `${Math.round(kilo)}${BOUND}kB` : `${(kilo / 1024).toFixed(1)}${BOUND}MB`;
}

const MOMENT = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

export const moment = (iso: string): string => MOMENT.format(new Date(iso));

/** How UCUM units that are not read as they are written are printed; `1` is its unit of what has none. */
const UNITS: Record<string, string> = {
  '1': '',
  'mm[Hg]': 'mmHg',
  'ug/mL': 'µg/mL',
  '10*9/L': '× 10⁹/L',
  Cel: '°C',
  a: 'years',
};

/** A value in its UCUM unit. */
export function measured(value: number | null, unit = '1'): string {
  if (value === null) return 'not measured';
  const digits = Number.isInteger(value) ? String(value) : value.toPrecision(3);
  return `${digits}${BOUND}${UNITS[unit] ?? unit}`.trim();
}

export const TONES = { POSITIVE: 'positive', NEGATIVE: 'negative', INDETERMINATE: 'undecided' } as const;

/** The decision in a few words. */
export function verdictTitle({ decision, finding }: Verdict): string {
  switch (decision) {
    case 'POSITIVE':
      return `Positive: ${finding.display}`;
    case 'NEGATIVE':
      return 'Negative: no disease found';
    case 'INDETERMINATE':
      return 'Undecided';
    default:
      return decision satisfies never;
  }
}

/** The decision as it stands in a list. */
export function verdictBrief(verdict: Verdict): string {
  const { decision, finding } = verdict;
  if (decision === 'INDETERMINATE') return verdictTitle(verdict);
  return `${decision === 'POSITIVE' ? 'Positive' : 'Negative'} · ${finding.display} ${percent(finding.probability)}`;
}

/** Why the decision is what it is. */
export function verdictReason({ decision, indeterminateReason, finding, threshold }: Verdict): string {
  const chance = `${percent(finding.probability)} for ${finding.display}`;
  switch (decision) {
    case 'POSITIVE':
      return `The model gives ${chance}, which reaches its threshold of ${percent(threshold)}.`;
    case 'NEGATIVE':
      return `The model gives ${chance}, which reaches its threshold of ${percent(threshold)}. It knows few diseases, and can miss those too.`;
    case 'INDETERMINATE':
      return indeterminateReason === 'OUT_OF_DISTRIBUTION'
        ? 'This picture is unlike the frontal chest radiographs that the model learned from: its numbers mean nothing here.'
        : `The highest is ${chance}, below its threshold of ${percent(threshold)}: the model decides nothing.`;
    default:
      return decision satisfies never;
  }
}

export function jobWords({ state, progress, error }: JobStatus): string {
  if (error) return `${faultWords(error).title}: it is tried again by itself`;
  if (state === 'QUEUED') return 'Waiting for the model';
  return progress < 0.4 ? 'Preparing the picture' : 'The model reads it';
}

/** Why a radiograph has no reading. */
export function unreadWords(job: JobStatus | null): FaultWords {
  if (job?.state === 'CANCELLED')
    return { title: 'Not read: cancelled', detail: 'It was taken back before the model had read it.' };
  if (job?.state === 'FAILED' && job.error) {
    const { title, detail } = faultWords(job.error);
    return { title: `Not read: ${title.charAt(0).toLowerCase()}${title.slice(1)}`, detail };
  }
  const detail = job ? `${jobWords(job)}. ` : '';
  return { title: 'Not read yet', detail: `${detail}This page looks again by itself.` };
}

export type FaultWords = { readonly title: string; readonly detail: string };

const WORDS: Record<string, (message: string) => FaultWords> = {
  UNSUPPORTED_IMAGE: (message) => ({ title: 'This file cannot be read', detail: sentence(message) }),
  FILE_TOO_LARGE: (message) => ({ title: 'This file is too large', detail: sentence(message) }),
  BAD_USER_INPUT: (message) => ({ title: 'The server did not accept this', detail: sentence(message) }),
  NOT_FOUND: () => ({
    title: 'This is not there',
    detail: 'It may have been deleted, or the address is wrong.',
  }),
  GONE: () => ({
    title: 'This radiograph is not there any more',
    detail: 'It was deleted while it was shown here.',
  }),
  UNAUTHENTICATED: (message) => ({
    title: 'You are not signed in',
    detail: `${sentence(message)} Enter an access token at the top of the page.`,
  }),
  FORBIDDEN: (message) => ({ title: 'You may not do this', detail: sentence(message) }),
  RATE_LIMITED: () => ({ title: 'Too many requests', detail: 'The server lets no more in for a moment.' }),
  OVERLOADED: (message) => ({ title: 'The server is busy', detail: sentence(message) }),
  MODEL_UNAVAILABLE: () => ({
    title: 'The model cannot be reached',
    detail: 'The radiograph was not read. Try again when the model is back.',
  }),
  ICU_UNAVAILABLE: (message) => ({ title: 'The ICU risk is not available', detail: sentence(message) }),
  DEADLINE_EXCEEDED: () => ({
    title: 'This took too long',
    detail: 'The server gave up waiting for an answer.',
  }),
  QUERY_TOO_COMPLEX: (message) => ({ title: 'The server found this too much', detail: sentence(message) }),
  UNREACHABLE: () => ({
    title: 'The server cannot be reached',
    detail: 'It may be starting again, or the network is down.',
  }),
};

export function faultWords({ code, message }: Fault): FaultWords {
  return WORDS[code]?.(message) ?? { title: 'Something went wrong', detail: sentence(message) };
}

/** As the server's messages are, with a full stop. */
const sentence = (message: string): string => (/[.!?]$/.test(message) ? message : `${message}.`);
