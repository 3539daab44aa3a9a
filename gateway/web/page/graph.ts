import { Client, type CombinedError, fetchExchange } from '@urql/core';
import { type Fault, faultsOf } from './fault.ts';
import type { Operation } from './operation.ts';
import { type Store, store } from './store.ts';

export const ENDPOINT = '/graphql';

/** What came of a question: data may be there in part beside faults. */
export type Answer<Data> = { readonly data: Data | undefined; readonly faults: readonly Fault[] };

/** The bearer token of this page, in memory alone: it is gone with the page. */
export type Credentials = {
  readonly token: Store<string | null>;
  /** Whether the gateway has asked for a token, or refused the one that there is. */
  readonly refused: Store<boolean>;
  authorization(): Record<string, string>;
};

export function credentials(): Credentials {
  const token = store<string | null>(null);
  return {
    token,
    refused: store(false),
    authorization: (): Record<string, string> => {
      const own = token.get();
      return own === null ? {} : { authorization: `Bearer ${own}` };
    },
  };
}

export type Graph = {
  query<Data, Variables extends object>(
    operation: Operation<Data, Variables>,
    variables: Variables,
  ): Promise<Answer<Data>>;
  mutate<Data, Variables extends object>(
    operation: Operation<Data, Variables>,
    variables: Variables,
  ): Promise<Answer<Data>>;
};

export function graph({ authorization, refused }: Credentials): Graph {
  const client = new Client({
    url: ENDPOINT,
    preferGetMethod: false,
    exchanges: [fetchExchange],
    // urql would take event streams too, with which the gateway answers then.
    fetchOptions: () => ({
      headers: { accept: 'application/graphql-response+json, application/json', ...authorization() },
    }),
  });
  const answer = <Data>({
    data,
    error,
  }: {
    data?: Data | null | undefined;
    error?: CombinedError | undefined;
  }) => {
    const faults = faultsOf(error);
    if (faults.some(({ code }) => code === 'UNAUTHENTICATED')) refused.set(true);
    return { data: data ?? undefined, faults };
  };
  return {
    query: async ({ text }, variables) => answer(await client.query(text, variables).toPromise()),
    mutate: async ({ text }, variables) => answer(await client.mutation(text, variables).toPromise()),
  };
}
