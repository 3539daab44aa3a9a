import { expect, test } from 'vitest';
import { heatmapAnswer, type PredictedRadiograph, predictionAnswer } from './covid19-answers.ts';

type Decision = PredictedRadiograph['classification']['decision'];
const radiograph = (decision: Decision, ...codes: string[]) => ({
  image: { url: '/files/a' },
  classification: {
    decision,
    findings: codes.map((code, i) => ({ code, probability: [0.7, 0.2, 0.1][i] ?? 0 })),
    model: { name: 'covid19', version: '1' },
  },
  heatmap: { image: { url: '/files/b' } },
});
const at = (path: string) => `https://radiograph.example${path}`;

test('a prediction has the keys and classes of 2020, its probabilities in the order of 2020', () => {
  expect(predictionAnswer(radiograph('POSITIVE', 'PNEUMONIA_BACTERIAL', 'COVID19', 'NORMAL'))).toEqual({
    model_name: 'covid19 version 1',
    'X-Ray_Classification_Result': 'Pneumonia_Bacterial_Lung',
    'X-Ray_Classfication_Raw_Result': [[0.2, 0.1, 0.7]],
    Decision: 'POSITIVE',
    Notice: 'Not for clinical use',
  });
});

test.each<[Decision, string, string]>([
  ['POSITIVE', 'COVID19', 'Covid-19 POSITIVE'],
  ['NEGATIVE', 'NORMAL', 'Covid-19 Negative; Bacterial Penumonia Negative'],
  ['POSITIVE', 'PNEUMONIA_BACTERIAL', 'Covid-19 Negative; Bacterial Penumonia Positive'],
  ['INDETERMINATE', 'COVID19', 'INCONCLUSIVE'],
  ['INDETERMINATE', 'NORMAL', 'INCONCLUSIVE'],
])('beside a heatmap, %s for %s is told as "%s"', (decision, code, sentence) => {
  const answer = heatmapAnswer(radiograph(decision, code), at);
  expect(answer['X-Ray_Classification_Result']).toBe(sentence);
});

test('beside a heatmap stand the addresses of both pictures, and the probability of Covid-19', () => {
  expect(heatmapAnswer(radiograph('NEGATIVE', 'NORMAL', 'COVID19'), at)).toMatchObject({
    'X-Ray_Classification_Covid19_Probability': 0.2,
    Input_Image: 'https://radiograph.example/files/a',
    Output_Heatmap: 'https://radiograph.example/files/b',
  });
});

test('labels of another model keep their names', () => {
  const other = { ...radiograph('POSITIVE', 'BRIGHT', 'DARK'), heatmap: null };
  expect(predictionAnswer(other)).toMatchObject({
    'X-Ray_Classification_Result': 'BRIGHT',
    'X-Ray_Classfication_Raw_Result': [[0.7, 0.2]],
  });
  expect(heatmapAnswer(other, at)).toMatchObject({
    'X-Ray_Classification_Result': 'BRIGHT',
    'X-Ray_Classification_Covid19_Probability': null,
    Output_Heatmap: null,
  });
});
