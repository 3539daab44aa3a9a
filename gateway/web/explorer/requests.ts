import type { GraphiQLProps } from 'graphiql';
import { type DocumentNode, type ExecutionResult, getOperationAST, parse, print } from 'graphql';
import { createClient } from 'graphql-sse';
import { type ChosenFiles, multipartBody } from './multipart-body.ts';
import { showJobs, uploadState } from './upload-state.ts';

type Fetcher = GraphiQLProps['fetcher'];
type Request = Parameters<Fetcher>[0];
type Headers = Record<string, string>;
type Result = ExecutionResult<Record<string, unknown>, Record<string, unknown>>;

const ENDPOINT = '/graphql';

/** Sends what GraphiQL runs: subscriptions by server-sent events (so that the headers of the editor go with them and
 *  no proxy has to know WebSocket), operations with chosen files as multipart, the rest as JSON. */
export const fetcher: Fetcher = (asked, options) => {
  const headers: Headers = options?.headers ?? {};
  const operation = operationOf(asked);
  const request = { ...asked, operationName: operation?.name?.value ?? asked.operationName ?? null };
  if (operation?.operation === 'subscription') return events(request, headers);
  const declared = new Map(
    operation?.variableDefinitions?.map(({ variable, type }) => [variable.name.value, print(type)]),
  );
  // Files stay chosen while tabs change: only those that this very operation asks for are sent.
  const files = [...uploadState().chosen.values()].filter(
    ({ slot }) => declared.get(slot.variable) === slot.declared,
  );
  return files.length > 0 ? upload(request, files, headers) : post(JSON.stringify(request), headers);
};

function operationOf({ query, operationName }: Request) {
  let document: DocumentNode;
  try {
    document = parse(query);
  } catch {
    // The gateway says what is wrong with it.
    return undefined;
  }
  // Right after a change of the document GraphiQL still gives the name of an operation of the one before.
  return getOperationAST(document, operationName) ?? getOperationAST(document);
}

async function upload(request: Request, files: readonly ChosenFiles[], headers: Headers): Promise<Result> {
  const result = await post(multipartBody(request, files), { ...headers, 'apollo-require-preflight': '1' });
  showJobs(Object.values(result.data ?? {}).flatMap(jobIds));
  return result;
}

function jobIds(payload: unknown): string[] {
  const jobs = (payload as { jobs?: { id?: unknown }[] } | null)?.jobs ?? [];
  return jobs.flatMap(({ id }) => (typeof id === 'string' ? [id] : []));
}

async function post(body: string | FormData, headers: Headers): Promise<Result> {
  const answer = await fetch(ENDPOINT, {
    method: 'POST',
    headers: {
      accept: 'application/graphql-response+json, application/json',
      ...(typeof body === 'string' && { 'content-type': 'application/json' }),
      ...headers,
    },
    body,
  });
  if (!answer.headers.get('content-type')?.includes('json'))
    throw new Error(`Expected JSON from the gateway, got status ${answer.status}`);
  return (await answer.json()) as Result;
}

function events(request: Request, headers: Headers) {
  const client = createClient({ url: ENDPOINT, headers, retryAttempts: 0 });
  const { query, operationName, variables } = request;
  return client.iterate<Record<string, unknown>, Record<string, unknown>>({
    query,
    variables,
    ...(operationName && { operationName }),
  });
}
