import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type DocumentNode, parse } from 'graphql';
import { z } from 'zod';
import { RadiographError } from '#common/errors.ts';
import { framingOf } from '../subscriptions/framing.ts';
import { conditionalSubscription } from './operation-guard.ts';
import { LIMITS } from './operation-limits.ts';
import { type PersistedOperations, persistedId } from './persisted-operations.ts';

const PATH = '/graphql';

/** The parameters of GraphQL over HTTP; anything beside them is left alone. */
const parameters = z.looseObject({
  query: z.string().nullish(),
  operationName: z.string().nullish(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  extensions: z.record(z.string(), z.unknown()).nullish(),
});

type Parameters = z.infer<typeof parameters>;

/** Checks the form of what is sent to `/graphql` before any transport reads it, so that each of them gets an
 *  operation whose text is there, and refuses alike. */
export function checkOperations(http: FastifyInstance, persisted: PersistedOperations): void {
  http.route({
    method: ['PUT', 'PATCH', 'DELETE'],
    url: PATH,
    handler: (_request, reply) =>
      reply
        .code(405)
        .header('allow', 'GET, POST')
        .send({ errors: [{ message: 'Expected GET or POST', extensions: { code: 'BAD_USER_INPUT' } }] }),
  });
  http.addHook('onRequest', async (request) => {
    if (request.routeOptions.url !== PATH) return;
    // The server builds an address of it.
    if (!URL.canParse(`http://${request.host}/`)) throw refused('Expected a host name in the header host');
    if ((request.headers['content-encoding'] ?? 'identity') !== 'identity')
      throw refused('Expected a body without content-encoding');
  });
  http.addHook('preHandler', async (request) => {
    if (request.routeOptions.url !== PATH) return;
    if (request.method === 'POST') {
      const streams = framingOf(request.headers) !== undefined;
      const operation = checked(request.body, persisted, streams);
      // Automatic persisted queries are Apollo's, which answers no streams.
      if (!operation.query && streams) throw refused('PersistedQueryNotFound');
      request.body = operation;
    }
    if (request.method === 'GET') checkSearch(request, persisted);
  });
}

function checked(body: unknown, persisted: PersistedOperations, streams: boolean): Parameters {
  if (Array.isArray(body)) throw refused('Expected one operation in a request, got a list');
  const { data } = parameters.safeParse(body);
  if (!data)
    throw refused(
      'Expected an object with the strings query and operationName and the objects variables and extensions',
    );
  if (!data.query && persistedId(data) === undefined) throw refused('Expected a query, got none');
  const operation = named(data, persisted);
  // A stream tells its faults in its own form.
  if (!streams) refuseConditional(operation.query);
  return operation;
}

/** A browser that opens the explorer asks for no operation. */
function checkSearch(request: FastifyRequest, persisted: PersistedOperations): void {
  const { data } = z.record(z.string(), z.string()).safeParse(request.query);
  if (!data) throw refused('Expected each parameter once');
  if (!('query' in data) && !('extensions' in data)) return;
  const { query, extensions } = named({ query: data.query, extensions: object(data.extensions) }, persisted);
  refuseConditional(query);
  // Apollo's integration reads the address itself.
  const url = new URL(request.raw.url ?? '/', 'http://localhost');
  if (query) url.searchParams.set('query', query);
  if (extensions) url.searchParams.set('extensions', JSON.stringify(extensions));
  else url.searchParams.delete('extensions');
  request.raw.url = `${url.pathname}${url.search}`;
}

function object(json = 'null'): Record<string, unknown> | undefined {
  try {
    return parameters.shape.extensions.parse(JSON.parse(json)) ?? undefined;
  } catch {
    throw refused('Expected an object as JSON in extensions');
  }
}

/** The request with the text of the operation that it names. */
function named(request: Parameters, persisted: PersistedOperations): Parameters {
  const query = persisted.bodyOf(request);
  if (query === undefined) return request;
  const id = persistedId(request);
  if (id === undefined) return request;
  if (query === request.query && !persisted.safelist) {
    // Told by Apollo as a fault of ours.
    if (createHash('sha256').update(query).digest('hex') !== id)
      throw refused('Expected the SHA-256 hash of the query in extensions.persistedQuery.sha256Hash');
    return request;
  }
  // Apollo would take the id for a hash and compare it, or say that it knows none.
  const { persistedQuery: _named, ...extensions } = request.extensions ?? {};
  return { ...request, query, extensions };
}

/** Apollo validates without catching what the library throws: the request would end as a fault of ours. */
function refuseConditional(query: string | null | undefined): void {
  if (!query?.includes('subscription')) return;
  const fault = conditionalSubscription(parsedOrEmpty(query));
  if (fault) throw fault;
}

function parsedOrEmpty(query: string): DocumentNode {
  try {
    return parse(query, { maxTokens: LIMITS.tokens, noLocation: true });
  } catch {
    // Told by the pipeline, which parses it again.
    return { kind: 'Document', definitions: [] } as unknown as DocumentNode;
  }
}

function refused(message: string): RadiographError {
  return new RadiographError('BAD_USER_INPUT', message);
}
