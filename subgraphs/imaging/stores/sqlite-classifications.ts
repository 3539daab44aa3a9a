import type { DatabaseSync } from 'node:sqlite';
import { WORKER } from '../domain/audit.ts';
import type { StoredClassification } from '../domain/classification.ts';
import type { sqliteAudit } from './sqlite-audit.ts';

/** @returns a function that adds a classification and its audit row; call it within a transaction. A second one of the
 *  same radiograph changes nothing but the trail. */
export function sqliteClassifications(
  db: DatabaseSync,
  now: () => number,
  trail: Pick<ReturnType<typeof sqliteAudit>, 'append'>,
) {
  const add = db.prepare(`INSERT INTO classification
    (radiograph_id, created_at, inference, maps, model, cached) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (radiograph_id) DO NOTHING`);
  return ({ radiographId, inference, model, cached }: StoredClassification): void => {
    const { maps, ...rest } = inference;
    add.run(radiographId, now(), JSON.stringify(rest), maps, JSON.stringify(model), cached ? 1 : 0);
    trail.append({ actor: WORKER, action: 'CLASSIFY', target: radiographId, outcome: 'OK' });
  };
}
