import { parseArgs } from 'node:util';
import { OBSERVATION_TYPES } from '../domain/observation-types.ts';
import { auroc, brier, mean } from '../engines/embedded/metrics.ts';
import { trainModel } from '../engines/embedded/training.ts';
import { openMapping } from '../import/mapping.ts';
import { ownTypes } from '../import/mapping-format.ts';
import { readSheet } from '../import/sheet.ts';
import { columnsOf, sheetCohort } from '../import/sheet-cohort.ts';
import { bootstrapInterval, foldAurocs, scoredBy } from './evaluation.ts';

const { values } = parseArgs({
  options: {
    mapping: { type: 'string', default: 'sirio-libanes' },
    train: { type: 'string' },
    test: { type: 'string' },
    repeats: { type: 'string', default: '5' },
  },
});
const { train, test } = values;
if (train === undefined || test === undefined)
  throw new Error('Expected --train FILE and --test FILE, got less');

const SEED = 7;
const mapping = await openMapping(values.mapping);
const types = new Map([...OBSERVATION_TYPES, ...ownTypes(mapping)].map((type) => [type.code, type]));
const casesOf = async (path: string) => {
  const rows = await readSheet(path, columnsOf(mapping), mapping.delimiter);
  const { cohort, alreadyInIcu } = sheetCohort(rows, mapping, 0);
  const outcomes = [...new Map(cohort.cases.map(({ patient, admitted }) => [patient, admitted])).values()];
  console.log(
    `${outcomes.length} patients, ${outcomes.filter(Boolean).length} admitted later; ${alreadyInIcu} left out who were in the ICU in the first window`,
  );
  return cohort.cases;
};
const figure = (value: number) => value.toFixed(3);

console.log('Training sheet:');
const cases = await casesOf(train);
console.log('Test sheet:');
const unseen = await casesOf(test);

const aurocs = foldAurocs(cases, types, { repeats: Number(values.repeats), seed: SEED });
const spread = Math.sqrt(mean(aurocs.map((one) => (one - mean(aurocs)) ** 2)));
console.log(
  `ROC AUC in cross-validation of the training sheet: ${figure(mean(aurocs))} +- ${figure(spread)} (${aurocs.length} folds)`,
);

const model = trainModel(cases, types, SEED);
const scored = scoredBy(model, unseen);
const [low, high] = bootstrapInterval(scored, SEED);
console.log(
  `ROC AUC on the test sheet: ${figure(auroc(scored))} (95 % bootstrap interval ${figure(low)} to ${figure(high)})`,
);
const rate = mean(scored.map(({ admitted }) => Number(admitted)));
console.log(
  `Brier score on the test sheet: ${figure(brier(scored))}; ${figure(mean(scored.map(({ probability }) => probability)))} expected, ${figure(rate)} admitted`,
);
if (mapping.notice) console.log(mapping.notice);
