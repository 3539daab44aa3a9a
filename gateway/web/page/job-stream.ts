import { createClient } from 'graphql-ws';
import { type Fault, faultOf, UNREACHABLE } from './fault.ts';
import { type Credentials, ENDPOINT } from './graph.ts';
import { FOLLOW, type Job } from './job-operations.ts';
import { type Store, store } from './store.ts';

export type JobStream = {
  /** Whether the connection is lost and sought again. */
  readonly lost: Store<boolean>;
  /** Follows a job until it has ended, over lost connections and restarts of the gateway.
   *  @returns what ends the following */
  follow(id: string, heard: { job(job: Job): void; fault(fault: Fault): void }): () => void;
  /** Connects again, with the token that there is now. */
  reconnect(): void;
};

const FORBIDDEN = 4403;
const NORMAL = 1000;
const PING_MS = 12_000;
const PONG_MS = 6_000;
const LONGEST_WAIT_MS = 4_000;
/** The job may have ended all the same: whoever asks hears its state. */
const AGAIN_MS = 1_000;
const MOST_TRIES = 20;
/** The same answer would come again. */
const FINAL = new Set(['NOT_FOUND', 'FORBIDDEN', 'UNAUTHENTICATED', 'BAD_USER_INPUT']);

export function jobStream({ authorization, refused }: Credentials): JobStream {
  const lost = store(false);
  let pong: ReturnType<typeof setTimeout> | undefined;
  const client = createClient({
    url: () => `${location.origin.replace(/^http/, 'ws')}${ENDPOINT}`,
    connectionParams: authorization,
    lazyCloseTimeout: 2_000,
    keepAlive: PING_MS,
    retryAttempts: Number.POSITIVE_INFINITY,
    // All pages of a ward come back after a restart: not all in the same moment.
    retryWait: (tries) => sleep(Math.min(LONGEST_WAIT_MS, 250 * 2 ** tries) * (0.75 + Math.random() / 2)),
    shouldRetry: (event) => closeCode(event) !== FORBIDDEN,
    on: {
      connected: () => lost.set(false),
      closed(event) {
        clearTimeout(pong);
        const code = closeCode(event);
        lost.set(code !== NORMAL && code !== FORBIDDEN);
      },
      ping(received) {
        if (!received) pong = setTimeout(() => client.terminate(), PONG_MS);
      },
      pong: (received) => received && clearTimeout(pong),
    },
  });

  const follow: JobStream['follow'] = (id, heard) => {
    let over = false;
    let end = () => {};
    const start = (tries: number) => {
      if (over) return;
      let failures = tries;
      const again = (fault: Fault) => {
        if (over) return;
        if (FINAL.has(fault.code) || failures >= MOST_TRIES) {
          over = true;
          if (fault.code === 'UNAUTHENTICATED') refused.set(true);
          heard.fault(fault);
        } else setTimeout(() => start(failures + 1), (fault.retryAfterSeconds ?? 0) * 1000 + AGAIN_MS);
      };
      let told: Fault | undefined;
      end = client.subscribe<{ jobStatus?: Job | null }>(
        { query: FOLLOW.text, variables: { id } },
        {
          next({ data, errors }) {
            if (errors?.[0]) told = faultOf(errors[0]);
            if (!data?.jobStatus || over) return;
            failures = 0;
            over = isFinal(data.jobStatus);
            heard.job(data.jobStatus);
          },
          error: (error) => again(socketFault(error)),
          complete: () => again(told ?? UNREACHABLE),
        },
      );
    };
    start(0);
    return () => {
      over = true;
      end();
    };
  };
  return { lost, follow, reconnect: () => client.terminate() };
}

const isFinal = ({ state }: Job): boolean => state !== 'QUEUED' && state !== 'RUNNING';

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function closeCode(event: unknown): number | undefined {
  return typeof event === 'object' && event !== null && 'code' in event ? Number(event.code) : undefined;
}

/** A list of errors is the server's answer; all else is a connection that could not be made. */
function socketFault(error: unknown): Fault {
  if (Array.isArray(error) && error[0]) return faultOf(error[0]);
  return closeCode(error) === FORBIDDEN
    ? { code: 'UNAUTHENTICATED', message: 'Expected a valid token' }
    : UNREACHABLE;
}
