import { HEATMAP_PREDICTION, PREDICTION } from '../rest/covid19-answers.ts';
import { answer, jsonSchema, OF_WORK, type Operation, type Paths, reference, refusals } from './operation.ts';

export const COVID19_TAG = {
  name: 'REST contract of 2020',
  description: 'For old clients: a form with a picture in base64 in, the JSON keys of 2020 out.',
};

/** @param example a radiograph in base64 @param maxUploadBytes of a file, decoded */
export function covid19Schemas(example: string, maxUploadBytes: number) {
  return {
    RadiographForm: {
      type: 'object',
      properties: {
        b64: {
          type: 'string',
          minLength: 1,
          description: `A JPEG, PNG or DICOM file of at most ${maxUploadBytes / 1024 / 1024} MB in base64 or base64url, with or without a data URL before it; lines may be broken`,
          // At the property: forms of Swagger UI begin with it.
          examples: [example],
        },
      },
      required: ['b64'],
    },
    Prediction: jsonSchema(PREDICTION),
    HeatmapPrediction: jsonSchema(HEATMAP_PREDICTION),
  };
}

const FORM = { schema: reference('RadiographForm') };

const predict = (operation: Pick<Operation, 'operationId' | 'summary' | 'description'>, name: string) => ({
  post: {
    ...operation,
    tags: [COVID19_TAG.name],
    scopes: ['radiograph:write'],
    requestBody: {
      required: true,
      content: { 'application/x-www-form-urlencoded': FORM, 'multipart/form-data': FORM },
    },
    responses: {
      '200': {
        ...answer('The prediction', reference(name)),
        headers: { 'x-notice': { description: 'What it is not for', schema: { type: 'string' } } },
      },
      ...refusals([...OF_WORK, 'BAD_USER_INPUT', 'UNSUPPORTED_IMAGE', 'FILE_TOO_LARGE', 'MODEL_UNAVAILABLE']),
    },
  },
});
export const COVID19_PATHS: Paths = {
  '/covid19/api/v1/healthcheck': {
    get: {
      operationId: 'covid19Healthcheck',
      tags: [COVID19_TAG.name],
      summary: 'Says that the service lives',
      responses: {
        '200': answer('It lives', { const: 'Covid19 detector API is live!' }, 'text/plain'),
      },
    },
  },
  '/covid19/api/v1/predict/': predict(
    {
      operationId: 'covid19Predict',
      summary: 'Classifies a radiograph',
      description:
        'Answers without the last slash too. The radiograph is kept, as one that the graph classified.',
    },
    'Prediction',
  ),
  '/covid19/api/v1/predict/heatmap': predict(
    {
      operationId: 'covid19PredictHeatmap',
      summary: 'Classifies a radiograph and draws a heatmap over it',
      description: 'The same with the addresses of both pictures. Answers with a last slash too.',
    },
    'HeatmapPrediction',
  ),
};
