import { parseArgs } from 'node:util';
import { RadiographError } from '#common/errors.ts';
import { icuConfig } from '../config.ts';
import { openClinicalLedger } from '../stores/open-clinical-ledger.ts';
import { openMapping } from './mapping.ts';
import { readSheet } from './sheet.ts';
import { columnsOf, sheetCohort } from './sheet-cohort.ts';

const USAGE = 'npm run icu:import -- FILE --mapping FILE|sirio-libanes [--without-outcomes]';

try {
  await importSheet();
} catch (error) {
  // What is no fault of the sheet keeps its trace.
  if (!(error instanceof RadiographError)) throw error;
  console.error(`${error.message}\nNothing was imported.`);
  process.exitCode = 1;
}

async function importSheet(): Promise<void> {
  const { path, mappingName, withoutOutcomes } = given();
  const mapping = await openMapping(mappingName);
  const rows = await readSheet(path, columnsOf(mapping), mapping.delimiter);
  const { cohort, alreadyInIcu } = sheetCohort(rows, mapping, Date.now());
  using ledger = openClinicalLedger(icuConfig(process.env).dataDir);
  const cases = withoutOutcomes ? [] : cohort.cases;
  ledger.clinical.add({ ...cohort, cases });
  const outcomes = [...new Map(cases.map(({ patient, admitted }) => [patient, admitted])).values()];
  console.log(
    `Imported ${cohort.patients.length} patients of the cohort ${cohort.name} from ${rows.length} rows.`,
  );
  console.log(
    `Left out: ${alreadyInIcu} patients who were in the ICU in the first window, and what later windows hold.`,
  );
  console.log(
    `To learn from: ${outcomes.length} patients, ${outcomes.filter(Boolean).length} of them admitted later.`,
  );
  if (mapping.notice) console.log(mapping.notice);
  console.log('The mutation icuModelTrain trains on them; until then there may be no ICU risk for them.');
}

function given() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { mapping: { type: 'string' }, 'without-outcomes': { type: 'boolean', default: false } },
    });
    const [path, ...others] = positionals;
    if (path === undefined || others.length > 0 || values.mapping === undefined)
      throw new RadiographError('BAD_USER_INPUT', USAGE);
    return { path, mappingName: values.mapping, withoutOutcomes: values['without-outcomes'] };
  } catch (error) {
    throw error instanceof TypeError
      ? new RadiographError('BAD_USER_INPUT', `${error.message}\n${USAGE}`)
      : error;
  }
}
