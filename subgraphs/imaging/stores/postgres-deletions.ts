import type { BlobRemoval, Deletions } from '../domain/deletion.ts';
import type { Database, Row } from './postgres-database.ts';

const TAKE = `
  UPDATE blob_removal SET lease_owner = $2, lease_until = ledger_now($1) + $3 WHERE address IN (
    SELECT address FROM blob_removal WHERE lease_until IS NULL OR lease_until <= ledger_now($1)
    LIMIT $4 FOR UPDATE SKIP LOCKED)
  RETURNING address, stored_before`;

const END = `
  WITH ended AS (DELETE FROM blob_removal WHERE address = $1 AND lease_owner = $2 RETURNING address)
  INSERT INTO inference_removal SELECT address FROM ended WHERE $3 ON CONFLICT DO NOTHING`;

/** Deletions in a PostgreSQL database; those of several steps are functions there, so each is one statement. */
export function postgresDeletions(db: Database, time: () => number | null): Deletions {
  return {
    async deleteRadiograph(id, { actor, worker, leaseMs }) {
      // Not sent again by itself: the second time would say that there never was one.
      const sql = 'SELECT * FROM delete_radiograph(ledger_now($1), $2, $3, $4, $5)';
      const rows = await db.query(sql, [time(), id, actor, worker, leaseMs]);
      const [first] = rows;
      if (!first) return undefined;
      return {
        jobId: String(first.job_id),
        removals: rows.filter(({ address }) => address !== null).map(toRemoval),
      };
    },
    async acceptedBefore(before, limit) {
      const sql = 'SELECT id FROM radiograph WHERE created_at < $1 ORDER BY created_at LIMIT $2';
      return (await db.repeatable(sql, [before, limit])).map(({ id }) => String(id));
    },
    async condemn(addresses, storedBefore) {
      await db.repeatable('SELECT condemn_blobs($1, $2)', [addresses, Math.floor(storedBefore)]);
    },
    async takeRemovals(worker, leaseMs, limit) {
      return (await db.query(TAKE, [time(), worker, leaseMs, limit])).map(toRemoval);
    },
    async endRemoval(address, worker, isRemembered = false) {
      await db.repeatable(END, [address, worker, isRemembered]);
    },
    async remembered(limit) {
      const rows = await db.repeatable('SELECT address FROM inference_removal LIMIT $1', [limit]);
      return rows.map(({ address }) => String(address));
    },
    async forgotten(address) {
      await db.repeatable('DELETE FROM inference_removal WHERE address = $1', [address]);
    },
  };
}

function toRemoval({ address, stored_before }: Row): BlobRemoval {
  return {
    address: String(address),
    storedBefore: stored_before === null ? null : Number(stored_before),
  };
}
