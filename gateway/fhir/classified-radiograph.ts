import type { FastifyReply, FastifyRequest } from 'fastify';
import { isErrorCode, RadiographError } from '#common/errors.ts';
import type { Execute } from '../own-operation.ts';

const RESULT = `query RadiographResult($id: ID!) {
  radiograph(id: $id) {
    createdAt
    patient { id }
    classification {
      findings { code display probability }
      decision
      indeterminateReason
      threshold
      model { name version digest engine }
    }
  }
}`;
const HEATMAP = `query RadiographHeatmap($id: ID!) {
  radiograph(id: $id) { heatmap { image { url mediaType bytes } } }
}`;

export type RadiographFinding = {
  readonly code: string;
  readonly display: string;
  /** 0 to 1. */
  readonly probability: number;
};

/** A radiograph and what the model says of it, as the graph tells it. */
export type ClassifiedRadiograph = {
  readonly id: string;
  readonly createdAt: string;
  readonly patientId: string | null;
  /** The most probable one first. */
  readonly findings: readonly RadiographFinding[];
  readonly decision: string;
  readonly indeterminateReason: string | null;
  /** 0 to 1. */
  readonly threshold: number;
  readonly model: {
    readonly name: string;
    readonly version: string;
    readonly digest: string | null;
    readonly engine: string;
  };
};

/** The picture of where the model looked; its link lives for 15 to 30 minutes. */
export type HeatmapFile = { readonly url: string; readonly mediaType: string; readonly bytes: number };

type Classification = Omit<ClassifiedRadiograph, 'id' | 'createdAt' | 'patientId'>;

/** Asks the graph for a result in the name of the caller.
 *  @throws RadiographError NOT_FOUND for an unknown radiograph, or one that is not classified; and what the graph answers */
export async function readClassifiedRadiograph(
  execute: Execute,
  request: FastifyRequest,
  reply: FastifyReply,
  id: string,
): Promise<ClassifiedRadiograph> {
  const { radiograph } = (await execute(request, reply, { query: RESULT, variables: { id } })) as {
    radiograph: {
      createdAt: string;
      patient: { id: string } | null;
      classification: Classification | null;
    } | null;
  };
  if (!radiograph) throw new RadiographError('NOT_FOUND', 'There is no radiograph with this id');
  const { createdAt, patient, classification } = radiograph;
  if (!classification)
    throw new RadiographError('NOT_FOUND', 'There is no result of this radiograph: it is not classified');
  return { id, createdAt, patientId: patient?.id ?? null, ...classification };
}

/** @returns undefined when it cannot be drawn now: the result stands without it */
export async function readHeatmap(
  execute: Execute,
  request: FastifyRequest,
  reply: FastifyReply,
  id: string,
): Promise<HeatmapFile | undefined> {
  try {
    const { radiograph } = (await execute(request, reply, { query: HEATMAP, variables: { id } })) as {
      radiograph: { heatmap: { image: HeatmapFile } | null } | null;
    };
    return radiograph?.heatmap?.image;
  } catch (error) {
    const { extensions } = error as { extensions?: { code?: unknown } };
    if (isErrorCode(extensions?.code)) return undefined;
    throw error;
  }
}
