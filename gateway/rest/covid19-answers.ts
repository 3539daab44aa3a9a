/** What the mutation of a prediction answers; `heatmap` where it was asked for. */
export type PredictedRadiograph = {
  readonly image: { readonly url: string };
  readonly classification: {
    readonly decision: string;
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

/** The answer of `predict/`: keys as in 2020, one of them misspelt; `Decision` and `Notice` are new. The raw result
 *  is a batch of one, its probabilities in the order Covid-19, normal, bacterial pneumonia, then any other. */
export function predictionAnswer({ classification }: PredictedRadiograph) {
  const [first] = classification.findings;
  return {
    model_name: `${classification.model.name} version ${classification.model.version}`,
    'X-Ray_Classification_Result': CLASSES[first?.code ?? ''] ?? first?.code,
    'X-Ray_Classfication_Raw_Result': [inOldOrder(classification.findings)],
    Decision: classification.decision,
    Notice: NOT_FOR_CLINICAL_USE,
  };
}

/** The answer of `predict/heatmap`. Where nothing is decided, none of the sentences of 2020 would be true: it says
 *  INCONCLUSIVE then, as the page of 2020 did when it had no result.
 *  @param addressOf the whole address of a path of the graph */
export function heatmapAnswer(radiograph: PredictedRadiograph, addressOf: (path: string) => string) {
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
