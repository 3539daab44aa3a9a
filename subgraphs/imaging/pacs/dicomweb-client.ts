import type { Logger } from 'pino';
import { Histogram, type Registry } from 'prom-client';
import { RadiographError } from '#common/errors.ts';
import { traced } from '#common/request-scope.ts';
import { type DicomJson, dataSets, firstValue, itemsIn, uidIn } from './dicom-json.ts';
import { dicomwebBreaker } from './dicomweb-breaker.ts';
import { asRadiographError, DicomwebFault } from './dicomweb-fault.ts';
import { type DicomwebAnswer, type DicomwebRequest, dicomwebHttp } from './dicomweb-http.ts';
import { boundaryOf, onePart, relatedBody } from './multipart-related.ts';
import type { PacsConfig } from './pacs-settings.ts';

export type SeriesOfStudy = {
  readonly seriesInstanceUID: string;
  readonly modality: unknown;
  /** How many instances it has, where the server says so. */
  readonly size: number | undefined;
};

export type PacsInstance = {
  readonly studyInstanceUID: string;
  readonly seriesInstanceUID: string;
  readonly sopInstanceUID: string;
};

export type ListedInstance = PacsInstance & { readonly isImage: boolean };

/** What we ask of a PACS. Every method throws a RadiographError: NOT_FOUND, FILE_TOO_LARGE, OVERLOADED when there is no
 *  usable answer, DEADLINE_EXCEEDED. */
export type DicomwebClient = AsyncDisposable & {
  /** @returns none for an unknown study */
  series(studyInstanceUID: string, signal: AbortSignal): Promise<SeriesOfStudy[]>;
  /** At most `most`. */
  instances(study: string, series: string, most: number, signal: AbortSignal): Promise<ListedInstance[]>;
  /** Hands the file (PS3.10) of an instance to `take` as it comes in. */
  retrieve<T>(
    instance: PacsInstance,
    take: (file: AsyncIterable<Buffer>) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T>;
  /** The attributes of an instance, without pixels. */
  metadata(
    instance: PacsInstance,
    signal: AbortSignal,
  ): Promise<{ readonly attributes: DicomJson; readonly sopClassUID: string }>;
  /** Stores files in a study. @returns the SOP instance UIDs that the server holds of them, be it since before */
  store(studyInstanceUID: string, files: readonly Buffer[], signal: AbortSignal): Promise<string[]>;
};

const JSON_TYPE = 'application/dicom+json';
const DICOM_PART = 'multipart/related; type="application/dicom"; transfer-syntax=*';
const LONGEST_JSON = 4 * 1024 * 1024;
/** For boundaries and headers around a file. */
const ENVELOPE = 64 * 1024;
const DEADLINES = { searchMs: 8_000, transferMs: 25_000 };
const MOST_SERIES = 500;
/** As many of them as series there may be still fit into a GraphQL Int. */
const LARGEST_SERIES = 1_000_000;
/** "Duplicate SOP Instance" (PS3.4, GG.4.1). */
const DUPLICATE = 0x0111;

/** A client of QIDO-RS, WADO-RS and STOW-RS (PS3.18). @param mostBytes of one file */
export function openDicomwebClient(
  config: PacsConfig,
  mostBytes: number,
  registry: Registry,
  logger: Logger,
  { searchMs, transferMs } = DEADLINES,
): DicomwebClient {
  const http = dicomwebHttp(config);
  const breaker = dicomwebBreaker((state) => logger.warn({ state }, 'PACS breaker'));
  const seconds = new Histogram({
    ...{ name: 'pacs_request_seconds', help: 'Requests to the PACS by how they ended' },
    ...{ buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25] },
    ...{ labelNames: ['request', 'outcome'] as const, registers: [registry] },
  });

  const ask = async <T>(
    name: 'search' | 'retrieve' | 'metadata' | 'store',
    request: Omit<DicomwebRequest, 'deadlineMs'>,
    read: (answer: DicomwebAnswer) => Promise<T>,
  ): Promise<T> => {
    const end = seconds.startTimer({ request: name });
    const deadlineMs = name === 'search' || name === 'metadata' ? searchMs : transferMs;
    try {
      const span = { kind: 'client' as const, attributes: { 'peer.service': 'pacs' } };
      const result = await traced(`pacs ${name}`, span, () =>
        breaker.run(() => http.exchange({ ...request, deadlineMs }, read)),
      );
      end({ outcome: 'ok' });
      return result;
    } catch (error) {
      const { kind, status } = error instanceof DicomwebFault ? error : {};
      end({ outcome: kind ?? 'internal' });
      // Most servers find nothing where there is nothing: an address that is not there may be a wrong setting.
      if (kind && kind !== 'resting' && (kind !== 'absent' || name === 'search'))
        logger.warn({ request: name, kind, status }, 'PACS gave no answer');
      throw error instanceof DicomwebFault ? asRadiographError(error) : error;
    }
  };
  const search = async <T>(path: string, signal: AbortSignal, read: (dataSet: DicomJson) => T) => {
    const request = { method: 'GET', path, accept: JSON_TYPE, signal } as const;
    return ask('search', request, async (answer) => (await jsonOf(answer)).map(read)).catch(nothingFound);
  };

  return {
    series: (study, signal) =>
      search(`/studies/${study}/series?limit=${MOST_SERIES}&includefield=00201209`, signal, (one) => {
        const size = Number(firstValue(one, '00201209'));
        return {
          seriesInstanceUID: uidIn(one, '0020000E'),
          modality: firstValue(one, '00080060'),
          size: Number.isInteger(size) && size > 0 && size <= LARGEST_SERIES ? size : undefined,
        };
      }),
    instances: (study, series, most, signal) =>
      search(`/studies/${study}/series/${series}/instances?limit=${most}`, signal, (one) => ({
        studyInstanceUID: study,
        seriesInstanceUID: series,
        sopInstanceUID: uidIn(one, '00080018'),
        // "Required if present": what has no rows has no pixels (PS3.18, 10.6.3.3.3).
        isImage: Number(firstValue(one, '00280010')) > 0,
      })),
    retrieve(instance, take, signal) {
      const request = { method: 'GET', path: pathOf(instance), accept: DICOM_PART, signal } as const;
      return ask('retrieve', request, async ({ contentType, bytes }) =>
        take(onePart(bytes(mostBytes + ENVELOPE), boundaryOf(contentType))),
      );
    },
    async metadata(instance, signal) {
      const path = `${pathOf(instance)}/metadata`;
      const request = { method: 'GET', path, accept: JSON_TYPE, signal } as const;
      return ask('metadata', request, async (answer) => {
        const [attributes] = await jsonOf(answer);
        if (!attributes) throw new DicomwebFault('absent', 'It has no such thing');
        const { sopInstanceUID, studyInstanceUID } = instance;
        const isAsked =
          uidIn(attributes, '00080018') === sopInstanceUID &&
          uidIn(attributes, '0020000D') === studyInstanceUID;
        if (!isAsked) throw new DicomwebFault('unusable', 'Expected the instance that was asked for');
        return { attributes, sopClassUID: uidIn(attributes, '00080016') };
      });
    },
    store(study, files, signal) {
      const request = { method: 'POST', path: `/studies/${study}`, accept: JSON_TYPE, signal } as const;
      return ask('store', { ...request, ...relatedBody(files) }, async (answer) => {
        const dataSet = await objectOf(answer);
        const stored = itemsIn(dataSet, '00081199');
        const known = itemsIn(dataSet, '00081198').filter(
          (item) => firstValue(item, '00081197') === DUPLICATE,
        );
        return [...stored, ...known].map((item) => uidIn(item, '00081155'));
      });
    },
    [Symbol.asyncDispose]: () => http[Symbol.asyncDispose](),
  };
}

const pathOf = ({ studyInstanceUID, seriesInstanceUID, sopInstanceUID }: PacsInstance) =>
  `/studies/${studyInstanceUID}/series/${seriesInstanceUID}/instances/${sopInstanceUID}`;

async function textOf({ bytes }: DicomwebAnswer): Promise<string> {
  const chunks = [];
  let length = 0;
  for await (const chunk of bytes(Number.POSITIVE_INFINITY)) {
    length += chunk.length;
    if (length > LONGEST_JSON) throw new DicomwebFault('unusable', 'Expected a shorter answer');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** @returns none where there is no content: some servers say so with 204 */
async function jsonOf(answer: DicomwebAnswer): Promise<DicomJson[]> {
  return answer.status === 204 ? [] : dataSets(await textOf(answer));
}

/** The answer to a store: one data set, which some servers put into a list. */
async function objectOf(answer: DicomwebAnswer): Promise<DicomJson> {
  const text = (await textOf(answer)).trim();
  const [dataSet = {}] = dataSets(text.startsWith('[') ? text : `[${text}]`);
  return dataSet;
}

function nothingFound(error: unknown): [] {
  if (error instanceof RadiographError && error.code === 'NOT_FOUND') return [];
  throw error;
}
