import { z } from 'zod';

/** What the mutation of a prediction answers; `heatmap` where it was asked for. */
export type PredictedRadiograph = {
  readonly image: { readonly url: string };
  readonly classification: {
    readonly decision: 'POSITIVE' | 'NEGATIVE' | 'INDETERMINATE';
    readonly findings: readonly { readonly code: string; readonly probability: number }[];
    readonly model: { readonly name: string; readonly version: string };
  };
  readonly heatmap?: { readonly image: { readonly url: string } } | null;
};

export const NOT_FOR_CLINICAL_USE = 'Not for clinical use';

/** The model's labels as the service of 2020 wrote them, in the order of its raw result. */
const CLASSES: Readonly<Record<string, string>> = {
  COVID19: 'Covid19',
  NORMAL: 'Normal_Lung',
  PNEUMONIA_BACTERIAL: 'Pneumonia_Bacterial_Lung',
};

/** What the service of 2020 wrote above a heatmap, its spelling included. */
const SENTENCES: Readonly<Record<string, string>> = {
  COVID19: 'Covid-19 POSITIVE',
  NORMAL: 'Covid-19 Negative; Bacterial Penumonia Negative',
  PNEUMONIA_BACTERIAL: 'Covid-19 Negative; Bacterial Penumonia Positive',
};

/** The answer of `predict/`: keys as in 2020, one of them misspelt; `Decision` and `Notice` are new. */
export const PREDICTION = z.strictObject({
  model_name: z.string().describe('Name and version of the model'),
  'X-Ray_Classification_Result': z
    .string()
    .describe(`The most probable class: ${Object.values(CLASSES).join(', ')}, or the label of another model`),
  'X-Ray_Classfication_Raw_Result': z
    .array(z.array(z.number().min(0).max(1)))
    .length(1)
    .describe(
      'A batch of one: the probabilities of Covid-19, normal and bacterial pneumonia, then of any other class. The key is spelt as in 2020',
    ),
  Decision: z
    .enum(['POSITIVE', 'NEGATIVE', 'INDETERMINATE'])
    .describe('What the model decides by its thresholds; INDETERMINATE where it decides nothing'),
  Notice: z.literal(NOT_FOR_CLINICAL_USE),
});
export type Prediction = z.infer<typeof PREDICTION>;

/** The answer of `predict/heatmap`. */
export const HEATMAP_PREDICTION = PREDICTION.extend({
  'X-Ray_Classification_Result': z
    .string()
    .describe(
      `One of the sentences of 2020 (${Object.values(SENTENCES).join(' · ')}), or INCONCLUSIVE where nothing is decided`,
    ),
  'X-Ray_Classification_Covid19_Probability': z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .describe('Null for a model without that class'),
  Input_Image: z.url().describe('Address of the radiograph as it is shown, good for a while'),
  Output_Heatmap: z.url().nullable().describe('Address of the heatmap; null while it cannot be drawn'),
});
export type HeatmapPrediction = z.infer<typeof HEATMAP_PREDICTION>;

/** The raw result is a batch of one, its probabilities in the order Covid-19, normal, bacterial pneumonia, then any other. */
export function predictionAnswer({ classification }: PredictedRadiograph): Prediction {
  const code = classification.findings[0]?.code ?? '';
  return {
    model_name: `${classification.model.name} version ${classification.model.version}`,
    'X-Ray_Classification_Result': CLASSES[code] ?? code,
    'X-Ray_Classfication_Raw_Result': [inOldOrder(classification.findings)],
    Decision: classification.decision,
    Notice: NOT_FOR_CLINICAL_USE,
  };
}

/** Where nothing is decided, none of the sentences of 2020 would be true: it says
 *  INCONCLUSIVE then, as the page of 2020 did when it had no result.
 *  @param addressOf the whole address of a path of the graph */
export function heatmapAnswer(
  radiograph: PredictedRadiograph,
  addressOf: (path: string) => string,
): HeatmapPrediction {
  const { classification, image, heatmap } = radiograph;
  const [first] = classification.findings;
  const code = first?.code ?? '';
  const covid = classification.findings.find((finding) => finding.code === 'COVID19');
  return {
    ...predictionAnswer(radiograph),
    'X-Ray_Classification_Result':
      classification.decision === 'INDETERMINATE' ? 'INCONCLUSIVE' : (SENTENCES[code] ?? code),
    'X-Ray_Classification_Covid19_Probability': covid?.probability ?? null,
    Input_Image: addressOf(image.url),
    Output_Heatmap: heatmap ? addressOf(heatmap.image.url) : null,
  };
}

function inOldOrder(findings: PredictedRadiograph['classification']['findings']): number[] {
  const codes = Object.keys(CLASSES);
  const rank = (code: string) => (codes.includes(code) ? codes.indexOf(code) : codes.length);
  return findings.toSorted((a, b) => rank(a.code) - rank(b.code)).map(({ probability }) => probability);
}
