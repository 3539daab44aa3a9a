import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GraphQLError } from 'graphql';
import type { StagingBlobStore } from '#common/blob-store.ts';
import { RadiographError } from '#common/errors.ts';
import { sealClaim } from '#common/upload-claim.ts';
import type { UploadMetrics } from '../gateway-metrics.ts';
import type { ForeignPages } from '../guard/foreign-pages.ts';
import { ownAddress } from '../own-address.ts';
import type { Execute } from '../own-operation.ts';
import { takeFile } from '../uploads/file-intake.ts';
import type { Staging } from '../uploads/staged-uploads.ts';
import type { BeginUpload } from '../uploads/upload-route.ts';
import { base64File, type FormOptions, longestForm } from './base64-form.ts';
import {
  heatmapAnswer,
  NOT_FOR_CLINICAL_USE,
  type PredictedRadiograph,
  predictionAnswer,
} from './covid19-answers.ts';

const BASE = '/covid19/api/v1';
const PREDICT = `${BASE}/predict`;

const predict = (heatmap: string) => `mutation Covid19Predict($file: Upload!) {
  radiographClassify(input: { file: $file }) {
    radiograph {
      image { url }
      classification { decision findings { code probability } model { name version } }
      ${heatmap}
    }
    userErrors { code message }
  }
}`;
const PREDICT_ALONE = predict('');
const PREDICT_WITH_HEATMAP = predict('heatmap(colormap: OCEAN) { image { url } }');

type Predicted = {
  radiographClassify: {
    radiograph: (Omit<PredictedRadiograph, 'classification'> & Partial<PredictedRadiograph>) | null;
    userErrors: readonly { code: string; message: string }[];
  };
};

export type Covid19Options = FormOptions & {
  readonly blobs: StagingBlobStore;
  readonly claimKey: Buffer;
  readonly taken: UploadMetrics['taken'];
  readonly staging: Staging;
  readonly begin: BeginUpload;
  readonly foreign: ForeignPages;
  readonly execute: Execute;
};

/** The REST contract of the 2020 service: forms with a base64 picture in, its JSON keys out. Each request becomes the
 *  mutation `radiographClassify`, so that authentication, scopes, limits and errors are those of the graph. */
export function serveCovid19(http: FastifyInstance, options: Covid19Options): void {
  const { maxFileBytes, stuckMs, begin, foreign } = options;
  http.get(`${BASE}/healthcheck`, () => 'Covid19 detector API is live!');
  void http.register(async (rest) => {
    const types = ['multipart/form-data', 'application/x-www-form-urlencoded'];
    rest.addContentTypeParser(types, (_request: FastifyRequest, body: IncomingMessage) =>
      base64File(body, { maxFileBytes, stuckMs }),
    );
    rest.addHook('onRequest', async (request, reply) => {
      foreign.refuseOrigin(request.raw);
      const bytes = Number(request.headers['content-length'] ?? 0);
      const most = longestForm(maxFileBytes);
      if (bytes > most)
        throw new RadiographError('FILE_TOO_LARGE', `Expected a form of at most ${most} bytes, got ${bytes}`);
      reply.header('x-notice', NOT_FOR_CLINICAL_USE);
      await begin(request, reply);
    });
    for (const url of [PREDICT, `${PREDICT}/`])
      rest.post(url, async (request, reply) =>
        predictionAnswer(await predicted(request, reply, PREDICT_ALONE, options)),
      );
    for (const url of [`${PREDICT}/heatmap`, `${PREDICT}/heatmap/`])
      rest.post(url, async (request, reply) => {
        const radiograph = await predicted(request, reply, PREDICT_WITH_HEATMAP, options);
        return heatmapAnswer(radiograph, (path) => ownAddress(request) + path);
      });
  });
}

async function predicted(
  request: FastifyRequest,
  reply: FastifyReply,
  query: string,
  { blobs, claimKey, taken, staging, maxFileBytes, execute }: Covid19Options,
): Promise<PredictedRadiograph> {
  if (!Buffer.isBuffer(request.body))
    throw new RadiographError('BAD_USER_INPUT', 'Expected the field b64 in a form, got no form');
  const { claim, ...file } = await takeFile(Readable.from([request.body]), blobs, maxFileBytes);
  taken(claim);
  staging.add(request.raw, [file]);
  const variables = { file: sealClaim(claimKey, claim) };
  const data = (await execute(request, reply, { query, variables })) as Predicted;
  const { radiograph, userErrors } = data.radiographClassify;
  const [refusal] = userErrors;
  if (refusal) throw new GraphQLError(refusal.message, { extensions: { code: refusal.code } });
  if (!radiograph?.classification) throw new Error('The answer of the graph is not whole');
  return { ...radiograph, classification: radiograph.classification };
}
