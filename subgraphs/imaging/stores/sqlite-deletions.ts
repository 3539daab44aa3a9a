import type { DatabaseSync } from 'node:sqlite';
import type { BlobRemoval, Deletions } from '../domain/deletion.ts';
import type { sqliteAudit } from './sqlite-audit.ts';

/** True for an address of the outer query that no radiograph names. */
const NOT_NAMED = `NOT EXISTS (SELECT 1 FROM radiograph WHERE original_address = address)
  AND NOT EXISTS (SELECT 1 FROM radiograph WHERE rendering ->> 'address' = address)`;

/** Deletions in the ledger's file. @param write runs work in a transaction */
export function sqliteDeletions(
  db: DatabaseSync,
  now: () => number,
  trail: Pick<ReturnType<typeof sqliteAudit>, 'append'>,
  write: <T>(work: () => T) => T,
): Deletions {
  const dropClassification = db.prepare('DELETE FROM classification WHERE radiograph_id = ?');
  const dropRadiograph = db.prepare(
    `DELETE FROM radiograph WHERE id = ? RETURNING original_address AS original, rendering ->> 'address' AS rendering`,
  );
  const jobOf = db.prepare('SELECT id FROM job WHERE radiograph_id = ?');
  const cancel =
    db.prepare(`UPDATE job SET state = 'CANCELLED', version = version + 1, progress = 1, finished_at = ?,
    lease_owner = NULL, lease_until = NULL WHERE radiograph_id = ? AND state IN ('QUEUED', 'RUNNING')`);
  const mark = db.prepare(`INSERT INTO blob_removal (address, stored_before, lease_owner, lease_until)
    SELECT value AS address, :before, :worker, :until FROM json_each(:addresses) WHERE ${NOT_NAMED}
    ON CONFLICT (address) DO NOTHING RETURNING address, stored_before`);
  const accepted = db.prepare('SELECT id FROM radiograph WHERE created_at < ? ORDER BY created_at LIMIT ?');
  const take =
    db.prepare(`UPDATE blob_removal SET lease_owner = :worker, lease_until = :until WHERE address IN (
    SELECT address FROM blob_removal WHERE lease_until IS NULL OR lease_until <= :now LIMIT :limit)
    RETURNING address, stored_before`);
  const end = db.prepare('DELETE FROM blob_removal WHERE address = ? AND lease_owner = ? RETURNING address');
  const remember = db.prepare('INSERT INTO inference_removal VALUES (?) ON CONFLICT DO NOTHING');
  const remembered = db.prepare('SELECT address FROM inference_removal LIMIT ?');
  const forgotten = db.prepare('DELETE FROM inference_removal WHERE address = ?');

  return {
    async deleteRadiograph(id, { actor, worker, leaseMs }) {
      return write(() => {
        dropClassification.run(id);
        const blobs = dropRadiograph.get(id);
        if (!blobs) return undefined;
        cancel.run(now(), id);
        const addresses = JSON.stringify([blobs.original, blobs.rendering]);
        const removals = mark.all({ addresses, before: null, worker, until: now() + leaseMs }).map(toRemoval);
        trail.append({ actor, action: 'DELETE', target: id, outcome: 'OK' });
        return { jobId: String(jobOf.get(id)?.id), removals };
      });
    },
    async acceptedBefore(time, limit) {
      return accepted.all(time, limit).map(({ id }) => String(id));
    },
    async condemn(addresses, before) {
      write(() => mark.all({ addresses: JSON.stringify(addresses), before, worker: null, until: null }));
    },
    async takeRemovals(worker, leaseMs, limit) {
      return take.all({ worker, until: now() + leaseMs, now: now(), limit }).map(toRemoval);
    },
    async endRemoval(address, worker, isRemembered = false) {
      write(() => {
        if (end.get(address, worker) && isRemembered) remember.run(address);
      });
    },
    async remembered(limit) {
      return remembered.all(limit).map(({ address }) => String(address));
    },
    async forgotten(address) {
      forgotten.run(address);
    },
  };
}

function toRemoval({ address, stored_before }: Record<string, unknown>): BlobRemoval {
  return {
    address: String(address),
    storedBefore: stored_before === null ? null : Number(stored_before),
  };
}
