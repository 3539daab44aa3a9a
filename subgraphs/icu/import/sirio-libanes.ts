import type { MappingInput } from './mapping-format.ts';

type Observations = MappingInput['observations'];

/** Comorbidities come as the publisher groups them, and which sex is 1 is not said. */
const KNOWN_ON_ARRIVAL: readonly (readonly [column: string, display: string])[] = [
  ['AGE_ABOVE65', 'Age above 65 (0 no, 1 yes)'],
  ['GENDER', 'Sex (0 or 1, as its publisher codes it)'],
  ...Array.from(
    { length: 6 },
    (_, i) => [`DISEASE GROUPING ${i + 1}`, `Disease grouping ${i + 1} (0 no, 1 yes)`] as const,
  ),
  ['HTN', 'Hypertension (0 no, 1 yes)'],
  ['IMMUNOCOMPROMISED', 'Immunocompromised (0 no, 1 yes)'],
  ['OTHER', 'Other disease (0 no, 1 yes)'],
];

/** Each as its median: mean, minimum and maximum are equal in the sheet, and the difference never changes. */
const LABORATORY = [
  ...['ALBUMIN', 'BE_ARTERIAL', 'BE_VENOUS', 'BIC_ARTERIAL', 'BIC_VENOUS', 'BILLIRUBIN', 'BLAST', 'CALCIUM'],
  ...['CREATININ', 'FFA', 'GGT', 'GLUCOSE', 'HEMATOCRITE', 'HEMOGLOBIN', 'INR', 'LACTATE', 'LEUKOCYTES'],
  ...['LINFOCITOS', 'NEUTROPHILES', 'P02_ARTERIAL', 'P02_VENOUS', 'PC02_ARTERIAL', 'PC02_VENOUS', 'PCR'],
  ...['PH_ARTERIAL', 'PH_VENOUS', 'PLATELETS', 'POTASSIUM', 'SAT02_ARTERIAL', 'SAT02_VENOUS', 'SODIUM'],
  ...['TGO', 'TGP', 'TTPA', 'UREA', 'DIMER'],
];

const VITAL_SIGNS = [
  ...['BLOODPRESSURE_DIASTOLIC', 'BLOODPRESSURE_SISTOLIC', 'HEART_RATE', 'RESPIRATORY_RATE', 'TEMPERATURE'],
  'OXYGEN_SATURATION',
];
const STATISTICS = ['MEAN', 'MIN', 'MAX', 'DIFF'];

const AGE_PERCENTILES = Object.fromEntries([
  ...[10, 20, 30, 40, 50, 60, 70, 80, 90].map((percentile) => [`${percentile}th`, percentile]),
  ['Above 90th', 100],
]);

/** Which blood samples were taken is the same for all laboratory values, so the absence of one stands for all. */
const INFORMATIVE = 'LACTATE_MEDIAN';

/** Hospital Sírio-Libanês, "COVID-19 - Clinical Data to assess diagnosis" (Kaggle, 2020), as CSV. */
export const SIRIO_LIBANES: MappingInput = {
  cohort: 'sirio-libanes',
  notice:
    'Values of this sheet are scaled to -1 to 1 by its publisher: they have no unit (unit 1), and no unit can be recovered. ' +
    'The sheet is recorded as CC BY-NC: not for commercial use.',
  patient: 'PATIENT_VISIT_IDENTIFIER',
  windowHours: 2,
  window: { column: 'WINDOW', first: '0-2', alsoLearn: ['2-4'] },
  outcome: { column: 'ICU', admitted: ['1'], others: ['0'] },
  observations: [
    ...KNOWN_ON_ARRIVAL.map(([column, display]) => ({
      ...scaled(column, display, 0, 1, { lasting: true }),
      onArrival: true,
    })),
    {
      ...scaled('AGE_PERCENTIL', 'Age, percentile (100: above the 90th)', 0, 100, { lasting: true }),
      onArrival: true,
      values: AGE_PERCENTILES,
    },
    ...LABORATORY.map((name) => scaled(`${name}_MEDIAN`, `${inWords(name)} (scaled)`, -1, 1)),
    ...VITAL_SIGNS.flatMap((name) =>
      STATISTICS.map((statistic) =>
        scaled(`${name}_${statistic}`, `${inWords(name)}, ${statistic.toLowerCase()} (scaled)`, -1, 1),
      ),
    ),
  ],
};

function scaled(
  column: string,
  display: string,
  minimum: number,
  maximum: number,
  more: { lasting?: true } = {},
): Observations[number] {
  const code = `sirio_${column.toLowerCase().replaceAll(' ', '_')}`;
  const informative = column === INFORMATIVE;
  return {
    column,
    code,
    type: { display, unit: '1', minimum, maximum, scale: 'rank', informative, ...more },
  };
}

function inWords(name: string): string {
  const words = name.toLowerCase().replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
