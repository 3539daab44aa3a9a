/** How a value enters a model: as it is, by its logarithm where it spreads by orders of magnitude, or by its rank among
 *  the training cases where nothing is known of its unit. */
export type Scale = 'linear' | 'logarithmic' | 'rank';

/** What may be observed: code, words, UCUM unit and the range of values that are taken. `informative` marks values
 *  that are measured more often in the very ill, so that their absence says something. */
export type ObservationType = {
  readonly code: string;
  readonly display: string;
  readonly unit: string;
  readonly minimum: number;
  readonly maximum: number;
  readonly scale: Scale;
  readonly informative: boolean;
  /** Whether it holds for years, whenever it was observed. */
  readonly lasting?: true | undefined;
};

const type = (
  code: string,
  display: string,
  unit: string,
  minimum: number,
  maximum: number,
  {
    scale = 'linear',
    informative = false,
    ...more
  }: { scale?: Scale; informative?: boolean; lasting?: true } = {},
): ObservationType => ({ code, display, unit, minimum, maximum, scale, informative, ...more });

const logarithmic = { scale: 'logarithmic' } as const;
const lasting = { lasting: true } as const;

export const OBSERVATION_TYPES: readonly ObservationType[] = [
  type('age', 'Age', 'a', 0, 120, lasting),
  type('sex', 'Sex (0 female, 1 male)', '1', 0, 1, lasting),
  type('heart_rate', 'Heart rate', '/min', 20, 300),
  type('respiratory_rate', 'Respiratory rate', '/min', 2, 90),
  type('spo2', 'Oxygen saturation', '%', 30, 100),
  type('temperature', 'Body temperature', 'Cel', 25, 45),
  type('systolic_bp', 'Systolic blood pressure', 'mm[Hg]', 30, 300),
  type('diastolic_bp', 'Diastolic blood pressure', 'mm[Hg]', 10, 200),
  type('lactate', 'Lactate', 'mmol/L', 0, 40, { ...logarithmic, informative: true }),
  type('crp', 'C-reactive protein', 'mg/L', 0, 700, logarithmic),
  type('d_dimer', 'D-dimer', 'ug/mL', 0, 150, { ...logarithmic, informative: true }),
  type('lymphocytes', 'Lymphocytes', '10*9/L', 0, 100, logarithmic),
  type('hypertension', 'Hypertension (0 no, 1 yes)', '1', 0, 1, lasting),
  type('diabetes', 'Diabetes (0 no, 1 yes)', '1', 0, 1, lasting),
  type('immunocompromised', 'Immunocompromised (0 no, 1 yes)', '1', 0, 1, lasting),
];

export const OBSERVATION_TYPE_BY_CODE: ReadonlyMap<string, ObservationType> = new Map(
  OBSERVATION_TYPES.map((one) => [one.code, one]),
);
