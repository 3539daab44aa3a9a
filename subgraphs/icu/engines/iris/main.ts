import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { syntheticCohort } from '../../domain/synthetic-cohort.ts';
import { type CohortRow, grants, inserts, SCHEMA } from './schema.ts';

/** The shown patients, who are asked for by these ids, and others to learn from. What the engine finds to differ from
 *  the clinical store it writes anew, so this only spares it the work. */
const SHOWN = { count: 200, seed: 2020 };
const LEARNT_FROM = { count: 3_000, seed: 7 };

const rows = ({ count, seed }: typeof SHOWN) =>
  syntheticCohort(count, seed).map(({ id, observations, admitted }) => ({
    ...{ id, admitted, features: new Map(observations.map(({ code, value }) => [code, value])) },
  }));
const cohort: CohortRow[] = [
  ...rows(SHOWN).map((row) => ({ ...row, admitted: null, heldOut: false })),
  ...rows(LEARNT_FROM).map((row, i) => ({ ...row, id: `t${row.id}`, heldOut: i % 4 === 3 })),
];

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('Expected a folder for schema.sql, rows.sql and grants.sql');
mkdirSync(folder, { recursive: true });
const files = { 'schema.sql': SCHEMA, 'rows.sql': inserts(cohort), 'grants.sql': grants('RadiographIcu') };
// A statement on each line: that is how deploy/iris reads them.
for (const [name, statements] of Object.entries(files))
  writeFileSync(join(folder, name), `${statements.join('\n')}\n`);
