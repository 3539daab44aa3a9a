import type { Context } from '../context.ts';
import { decide, modelDigest, rankedFindings, type StoredClassification } from '../domain/classification.ts';
import type { Resolvers } from '../generated/resolvers.ts';
import { radiographConnection } from './connection.ts';

export const radiographResolvers: Resolvers = {
  Radiograph: {
    __resolveReference: async ({ id }, context) => (await context.radiographs.load(id)) ?? null,
    createdAt: ({ createdAt }) => new Date(createdAt).toISOString(),
    patient: ({ patientId }) => (patientId === null ? null : { id: patientId }),
    async image({ id, rendering }, _args, context) {
      await context.noteRead('READ_IMAGE', id);
      return { ...rendering, url: context.linkTo(rendering) };
    },
    classification: ({ id }, _args, context) => readClassification(id, context),
    job: async ({ id }, _args, context) => (await context.radiographJobs.load(id)) ?? null,
    async dicom({ id, dicom }, _args, context) {
      if (dicom) await context.noteRead('READ_DICOM', id);
      return dicom;
    },
    async imageAddress({ id, rendering }, _args, context) {
      await context.noteRead('READ_IMAGE', id);
      return rendering.address;
    },
    async activationMaps({ id }, _args, context) {
      const classification = await readClassification(id, context);
      if (!classification) return null;
      const { inference, model } = classification;
      return {
        labels: model.labels.map(({ code, display }) => ({ code, display })),
        probabilities: inference.probabilities,
        height: inference.mapHeight,
        width: inference.mapWidth,
        maps: inference.maps.toString('base64'),
        modelDigest: modelDigest(model),
      };
    },
  },

  Classification: {
    finding: (classification) => {
      const [first] = rankedFindings(classification);
      if (!first) throw new Error('The model has no labels');
      return first;
    },
    findings: (classification) => rankedFindings(classification),
    decision: (classification) => decide(classification).decision,
    indeterminateReason: (classification) => decide(classification).indeterminateReason,
    threshold: (classification) => decide(classification).threshold,
    pool: ({ inference }) => inference.pool,
    model: ({ model, inference }, _args, context) => ({
      name: model.name,
      version: model.version,
      digest: model.digest,
      // It answered; whether it is still loaded is asked by Query.models.
      state: 'AVAILABLE',
      engine: context.engineOf(inference.pool),
    }),
  },

  Mutation: {
    async radiographDelete(_parent, { input: { id } }, context) {
      const jobId = await context.deleteRadiograph(id);
      if (jobId !== undefined)
        return { radiograph: { id, job: (await context.jobs.load(jobId)) ?? null }, userErrors: [] };
      const message = 'There is no radiograph with this id';
      return { radiograph: null, userErrors: [{ code: 'NOT_FOUND', message, field: ['input', 'id'] }] };
    },
  },

  Patient: {
    __resolveReference: ({ id }) => ({ id }),
    radiographs: ({ id }, args, context) => radiographConnection({ ...args, patientId: id }, context),
  },

  Query: {
    radiograph: async (_parent, { id }, context) => (await context.radiographs.load(id)) ?? null,
    radiographs: (_parent, args, context) => radiographConnection(args, context),
    async models(_parent, _args, context) {
      const versions = await context.models();
      const names = [...new Set(versions.map(({ name }) => name))];
      return names.map((name) => ({ name, versions: versions.filter((version) => version.name === name) }));
    },
  },
};

async function readClassification(id: string, context: Context): Promise<StoredClassification | null> {
  const classification = await context.classifications.load(id);
  if (!classification) return null;
  await context.noteRead('READ_RESULT', id);
  return classification;
}
