import { createHash } from 'node:crypto';
import type { StoredRadiograph } from './radiograph.ts';

/** Under what a radiograph of the PACS is taken in once: the instance, and the patient whom it is said to show. */
export function importKey(sopInstanceUID: string, patientId: string | null): string {
  return JSON.stringify([sopInstanceUID, patientId]);
}

const UPLOAD = 'upload:';

/** Under what an uploaded file is taken in once: its sender, the key that the sender gave the request, and the file's place
 *  in it. A digest, so that no sender can write another's, and the ledger holds neither name nor key. */
export function uploadKey(actor: string, idempotencyKey: string, index: number): string {
  const named = JSON.stringify([actor, idempotencyKey, index]);
  return UPLOAD + createHash('sha256').update(named).digest('hex');
}

/** Whether it came from the PACS. */
export function isImported({ intakeKey }: Pick<StoredRadiograph, 'intakeKey'>): boolean {
  return intakeKey !== null && !intakeKey.startsWith(UPLOAD);
}
