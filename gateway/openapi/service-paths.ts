import { z } from 'zod';
import { answer, jsonSchema, OF_WORK, OPENAPI, type Paths, reference, refusals } from './operation.ts';

const STATES = ['ready', 'not ready', 'unreachable'] as const;

const GRAPHQL = { name: 'GraphQL', description: 'The endpoint that has everything.' };
const PICTURES = { name: 'Pictures', description: 'Radiographs and heatmaps as they are shown.' };
const PROBES = { name: 'Operation', description: 'For whoever runs and watches it.' };
export const SERVICE_TAGS = [GRAPHQL, PICTURES, PROBES];

export const SERVICE_SCHEMAS = {
  Readiness: jsonSchema(
    z.object({
      status: z.enum(['ready', 'not ready']),
      subgraphs: z.record(z.string(), z.enum(STATES)).describe('By the name of each'),
    }),
  ),
};

const DOCUMENT = jsonSchema(
  z.looseObject({ openapi: z.literal(OPENAPI), info: z.looseObject({}), paths: z.looseObject({}) }),
);

const GRAPHQL_ANSWER = {
  type: 'object',
  properties: {
    data: { type: ['object', 'null'] },
    errors: { type: 'array', items: { type: 'object', properties: { message: { type: 'string' } } } },
  },
};

export const SERVICE_PATHS: Paths = {
  '/graphql': {
    post: {
      operationId: 'graphql',
      tags: [GRAPHQL.name],
      summary: 'Everything else: uploads, jobs, findings, heatmaps, ICU risk in one query',
      description:
        'The [explorer](/explorer) shows the schema and runs operations. Files come by the GraphQL multipart request specification; ' +
        'subscriptions are answered as `text/event-stream`, as `multipart/mixed`, and over a WebSocket (graphql-ws).',
      scopes: [],
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: {
              type: 'object',
              properties: {
                query: { type: 'string' },
                variables: { type: ['object', 'null'] },
                operationName: { type: ['string', 'null'] },
              },
            },
            example: { query: '{ models { name versions { version state } } }' },
          },
          'multipart/form-data': {
            schema: {
              type: 'object',
              properties: {
                operations: { type: 'string', description: 'The JSON above, null in place of each file' },
                map: { type: 'string', description: 'Such as {"0": ["variables.files.0"]}' },
                '0': { type: 'string', contentMediaType: 'application/octet-stream' },
              },
              required: ['operations', 'map'],
            },
          },
        },
      },
      responses: {
        '200': answer('`data` and `errors` of the operation', GRAPHQL_ANSWER),
        ...refusals([...OF_WORK, 'BAD_USER_INPUT', 'QUERY_TOO_COMPLEX', 'FILE_TOO_LARGE'], {
          fault: GRAPHQL_ANSWER,
        }),
      },
    },
    get: {
      operationId: 'graphqlByAddress',
      tags: [GRAPHQL.name],
      summary: 'A query in the address; Apollo Sandbox for a browser',
      scopes: [],
      parameters: [
        { name: 'query', in: 'query', schema: { type: 'string' }, example: '{ __typename }' },
        {
          name: 'apollo-require-preflight',
          in: 'header',
          description: 'Shows that no form of another site asks',
          schema: { type: 'string' },
          example: '1',
        },
      ],
      responses: {
        '200': answer('`data` and `errors` of the query', GRAPHQL_ANSWER),
        ...refusals([...OF_WORK, 'BAD_USER_INPUT', 'QUERY_TOO_COMPLEX'], { fault: GRAPHQL_ANSWER }),
      },
    },
  },
  '/files/{token}': {
    get: {
      operationId: 'file',
      tags: [PICTURES.name],
      summary: 'A picture, by the address that the graph or the REST contract handed out',
      description: 'The address is the permission: it holds for a while, and needs no token beside it.',
      parameters: [
        { name: 'token', in: 'path', required: true, schema: { type: 'string', maxLength: 1000 } },
      ],
      responses: {
        '200': {
          description: 'The picture',
          content: { 'image/jpeg': { schema: {} }, 'image/png': { schema: {} } },
        },
        '404': answer('NOT_FOUND: the address holds no more', reference('Fault')),
      },
    },
  },
  '/healthz': {
    get: {
      operationId: 'healthz',
      tags: [PROBES.name],
      summary: 'Whether the gateway lives; asks nobody',
      responses: { '200': answer('It lives', jsonSchema(z.strictObject({ status: z.literal('ok') }))) },
    },
  },
  '/readyz': {
    get: {
      operationId: 'readyz',
      tags: [PROBES.name],
      summary: 'Whether radiographs can be taken, and which subgraphs answer',
      responses: {
        '200': answer('They can', reference('Readiness')),
        '503': answer('They cannot', reference('Readiness')),
      },
    },
  },
  '/metrics': {
    get: {
      operationId: 'metrics',
      tags: [PROBES.name],
      summary: 'Metrics for Prometheus',
      responses: { '200': answer('In the text format', { type: 'string' }, 'text/plain') },
    },
  },
  '/openapi.json': {
    get: {
      operationId: 'openapi',
      tags: [PROBES.name],
      summary: 'This document; at `/docs/openapi.json` too',
      responses: { '200': answer('The document', DOCUMENT) },
    },
  },
};
