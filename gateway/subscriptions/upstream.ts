import type { ExecutionResult } from 'graphql';
import { type Client, createClient, type SubscribePayload } from 'graphql-ws';
import WebSocket from 'ws';
import { ANONYMOUS } from '#common/caller.ts';
import type { InternalTokens } from '#common/internal-token.ts';
import { recentEvents } from './recent-events.ts';

/** Streams of events from the subgraphs. */
export type Upstream = AsyncDisposable & {
  open(subgraph: string, payload: SubscribePayload): AsyncIterableIterator<ExecutionResult>;
};

const ATTEMPTS = 12;
const PAUSE_MS = 700;
/** Short, since the timer outlives the client's disposal and would hold up the drain. */
const IDLE_MS = 1_000;

/** Each subscription on the connection listens for its end: many listeners are no leak here. */
class SharedWebSocket extends WebSocket {
  constructor(...args: ConstructorParameters<typeof WebSocket>) {
    super(...args);
    this.setMaxListeners(0);
  }
}

/** One graphql-ws connection to each subgraph that is subscribed to. When it breaks, the subscriptions on it are
 *  opened again: our sources are level-triggered, so a new stream begins with the present state and nothing is
 *  lost. After about eight seconds of refusal the stream ends with an error. All share one socket, which cannot be
 *  held back for one of them: a slow reader skips states instead. */
export function upstreamSubscriptions(
  subgraphs: ReadonlyMap<string, string>,
  tokens: InternalTokens,
): Upstream {
  const clients = new Map<string, Client>();
  const clientOf = (subgraph: string): Client => {
    const known = clients.get(subgraph);
    if (known) return known;
    const base = subgraphs.get(subgraph);
    if (!base) throw new Error(`There is no subgraph ${subgraph}`);
    const client = createClient({
      url: `${base.replace(/^http/, 'ws')}/graphql`,
      webSocketImpl: SharedWebSocket,
      // Asked for at every new connection, so that it has not run out.
      connectionParams: async () => ({ authorization: `Bearer ${await tokens(ANONYMOUS, subgraph)}` }),
      lazyCloseTimeout: IDLE_MS,
      retryAttempts: ATTEMPTS,
      shouldRetry: () => true,
      retryWait: () => new Promise((resolve) => setTimeout(resolve, PAUSE_MS)),
    });
    clients.set(subgraph, client);
    return client;
  };
  return {
    open: (subgraph, payload) =>
      recentEvents<ExecutionResult>((sink) =>
        clientOf(subgraph).subscribe(payload, {
          ...sink,
          next: (event) => sink.next(event as ExecutionResult),
        }),
      ),
    async [Symbol.asyncDispose]() {
      for (const client of clients.values()) await client.dispose();
    },
  };
}
