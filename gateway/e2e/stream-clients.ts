import { ApolloClient, CombinedGraphQLErrors, CombinedProtocolErrors, InMemoryCache } from '@apollo/client';
import { HttpLink } from '@apollo/client/link/http';
import { parse } from 'graphql';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { recentEvents } from '../subscriptions/recent-events.ts';

/** One result of a subscription as its client tells it; `fault` holds errors of the stream itself. */
export type Told = { readonly data?: unknown; readonly codes: string[]; readonly fault?: 'protocol' };

/** A client of one transport: the one that people use, which gives up at the first fault. */
export type StreamClient = {
  readonly name: string;
  /** Ends with the subscription; `return()` cancels it. */
  follow(url: string, query: string, variables?: Record<string, unknown>): AsyncIterableIterator<Told>;
};

/** Tests read everything, however late. */
const ALL = Number.MAX_SAFE_INTEGER;

type Errors = readonly { extensions?: { code?: unknown } | undefined }[];
const codesOf = (errors: Errors = []) => errors.map(({ extensions }) => String(extensions?.code));

const graphqlWs: StreamClient = {
  name: 'graphql-ws',
  follow: (url, query, variables = {}) =>
    recentEvents<Told>((sink) => {
      const client = createClient({
        url: `${url.replace(/^http/, 'ws')}/graphql`,
        webSocketImpl: WebSocket,
        retryAttempts: 0,
      });
      return client.subscribe<unknown>(
        { query, variables },
        {
          next: ({ data, errors }) => sink.next({ data, codes: codesOf(errors as Errors) }),
          error(fault) {
            if (!Array.isArray(fault)) return sink.error(fault);
            sink.next({ codes: codesOf(fault) });
            sink.complete();
          },
          complete: sink.complete,
        },
      );
    }, ALL),
};

const graphqlSse: StreamClient = {
  name: 'graphql-sse',
  follow: (url, query, variables = {}) =>
    recentEvents<Told>((sink) => {
      const client = createSseClient({ url: `${url}/graphql`, retryAttempts: 0 });
      return client.subscribe<unknown>(
        { query, variables },
        {
          next: ({ data, errors }) => sink.next({ data, codes: codesOf(errors as Errors) }),
          error: sink.error,
          complete: sink.complete,
        },
      );
    }, ALL),
};

/** Apollo Client 4 over its HttpLink: the multipart protocol. */
const apolloClient: StreamClient = {
  name: '@apollo/client',
  follow: (url, query, variables = {}) =>
    recentEvents<Told>((sink) => {
      const link = new HttpLink({ uri: `${url}/graphql` });
      const client = new ApolloClient({ link, cache: new InMemoryCache() });
      const subscription = client
        .subscribe({ query: parse(query), variables, fetchPolicy: 'no-cache', errorPolicy: 'all' })
        .subscribe({
          next({ data, error }) {
            if (CombinedProtocolErrors.is(error))
              return sink.next({ data, codes: codesOf(error.errors as Errors), fault: 'protocol' });
            if (error && !CombinedGraphQLErrors.is(error)) return sink.error(error);
            sink.next({ data, codes: codesOf(error?.errors as Errors | undefined) });
          },
          error: sink.error,
          complete: sink.complete,
        });
      return () => subscription.unsubscribe();
    }, ALL),
};

export const STREAM_CLIENTS: readonly StreamClient[] = [graphqlWs, graphqlSse, apolloClient];
