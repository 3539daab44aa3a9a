import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { KeptBlobStore } from '#common/blob-store.ts';
import { RadiographError } from '#common/errors.ts';
import type { Keys } from '#common/keys.ts';
import type { Intake } from '../domain/intake.ts';
import type { Ledger } from '../domain/ledger.ts';
import type { ResultStore } from '../domain/result-store.ts';
import type { StudyImport } from '../domain/study-import.ts';
import { openDicomwebClient } from './dicomweb-client.ts';
import type { PacsConfig } from './pacs-settings.ts';
import { createResultStore } from './result-store.ts';
import { createStudyImport } from './study-import.ts';

type Parts = {
  readonly config: { readonly pacs?: PacsConfig | undefined; readonly maxUploadBytes: number };
  readonly keys: Keys;
  readonly blobs: KeptBlobStore;
  readonly ledger: Ledger;
  readonly intake: Intake;
  readonly registry: Registry;
  readonly logger: Logger;
};

export type Pacs = AsyncDisposable & {
  readonly importStudy: StudyImport;
  readonly storeResult: ResultStore;
};

/** What is done with the PACS; nothing is asked of it before that. Without one both are refused. */
export function openPacs({ config, keys, blobs, ledger, intake, registry, logger }: Parts): Pacs {
  if (!config.pacs) return { importStudy: refused, storeResult: refused, async [Symbol.asyncDispose]() {} };
  const mostBytes = config.maxUploadBytes;
  const pacs = openDicomwebClient(config.pacs, mostBytes, registry, logger);
  return {
    importStudy: createStudyImport({
      pacs,
      blobs,
      ledger,
      intake,
      claimKey: keys('upload-claim'),
      mostBytes,
    }),
    storeResult: createResultStore({ pacs, blobs, ledger, heatmapKey: keys('heatmap-claim') }),
    [Symbol.asyncDispose]: () => pacs[Symbol.asyncDispose](),
  };
}

async function refused(): Promise<never> {
  throw new RadiographError('BAD_USER_INPUT', 'No PACS is connected to this service');
}
