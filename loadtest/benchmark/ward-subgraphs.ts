import { composeServices } from '@apollo/composition';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { type GraphQLSchema, parse } from 'graphql';

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])';
const PATIENTS = 20;

/** Two subgraphs as light as they can be, so that the gateways are measured and not they. Their names are those of
 *  Radiograph's own, whose addresses its gateway can be told. */
const SDL = {
  imaging: `${LINK}
    type Query { patients(ward: ID!): [Patient!]! }
    type Patient @key(fields: "id") { id: ID! name: String! bed: String! admittedAt: String! }`,
  icu: `${LINK}
    type Patient @key(fields: "id") { id: ID! icuRisk: IcuRisk }
    type IcuRisk { probability: Float! willBeAdmitted: Boolean! reasons: [String!]! }`,
};

export type WardSubgraph = keyof typeof SDL;
export const WARD_SUBGRAPHS: readonly WardSubgraph[] = ['imaging', 'icu'];

/** A list of 20 entities from one subgraph and one field of each from the other. */
export const WARD_QUERY = `query Ward($ward: ID!) {
  patients(ward: $ward) { id name bed admittedAt icuRisk { probability willBeAdmitted reasons } } }`;

const RESOLVERS = {
  imaging: {
    Query: {
      patients: (_: unknown, { ward }: { ward: string }) =>
        Array.from({ length: PATIENTS }, (_, i) => ({
          id: `${ward}-${i}`,
          name: `Patient ${i} of ward ${ward}`,
          bed: `B${i}`,
          admittedAt: '2026-11-01T08:00:00Z',
        })),
    },
  },
  icu: {
    Patient: {
      __resolveReference: ({ id }: { id: string }) => ({
        id,
        icuRisk: {
          probability: (id.length % 10) / 10,
          willBeAdmitted: id.endsWith('7'),
          reasons: ['SpO2 below 92 %', 'respiratory rate above 24'],
        },
      }),
    },
  },
};

export function wardSchema(name: WardSubgraph): GraphQLSchema {
  return buildSubgraphSchema({ typeDefs: parse(SDL[name]), resolvers: RESOLVERS[name] as never });
}

/** @param url where each subgraph answers */
export function wardSupergraph(url: (name: WardSubgraph) => string): string {
  const services = WARD_SUBGRAPHS.map((name) => ({
    name,
    url: `${url(name)}/graphql`,
    typeDefs: parse(SDL[name]),
  }));
  const { supergraphSdl, errors } = composeServices(services);
  if (supergraphSdl === undefined) throw new Error(errors?.map(({ message }) => message).join('\n'));
  return supergraphSdl;
}
