import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { featuresOf } from '../../domain/cohort.ts';
import { defaultCohort } from '../../domain/synthetic-cohort.ts';
import { type CohortRow, grants, inserts, SCHEMA } from './schema.ts';

/** What the clinical store is filled with. The engine writes anew what it finds to differ from the store, so rows of
 *  the patients only spare it the work. */
const { patients, cases } = defaultCohort();
const cohort: CohortRow[] = [
  ...patients.map(({ id, observations }) => ({
    ...{ id, features: featuresOf(observations), admitted: null, heldOut: false },
  })),
  ...cases.map((one, i) => ({ ...one, id: `t${i + 1}`, heldOut: i % 4 === 3 })),
];

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('Expected a folder for schema.sql, rows.sql and grants.sql');
mkdirSync(folder, { recursive: true });
const files = { 'schema.sql': SCHEMA, 'rows.sql': inserts(cohort), 'grants.sql': grants('RadiographIcu') };
// A statement on each line: that is how deploy/iris reads them.
for (const [name, statements] of Object.entries(files))
  writeFileSync(join(folder, name), `${statements.join('\n')}\n`);
