import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { type Credentials, credentials, type Graph, graph } from './graph.ts';
import { CANCEL } from './job-operations.ts';
import { type JobStream, jobStream } from './job-stream.ts';
import { guardLeaving } from './leave-guard.ts';
import { hashOf, type Route, routeOf } from './route.ts';
import { type Sender, sender } from './sender.ts';
import { type Store, store } from './store.ts';
import { uploads } from './upload-request.ts';
import { mendedByToken, type Worklist } from './worklist.ts';

/** What the parts of the page share. */
export type Session = {
  readonly credentials: Credentials;
  readonly graph: Graph;
  readonly stream: JobStream;
  readonly list: Store<Worklist>;
  readonly sender: Sender;
  readonly route: Store<Route>;
  /** What was said last to whoever hears the page. */
  readonly said: Store<string>;
  signIn(token: string): void;
  /** Shows a route without a step in the browser's history, and without taking the focus. */
  show(route: Route): void;
};

export function openSession(): Session {
  const own = credentials();
  const answers = graph(own);
  const stream = jobStream(own);
  const list = store<Worklist>([]);
  const route = store<Route>(routeOf(location.hash));
  const sending = sender({
    list,
    send: uploads(own),
    follow: stream.follow,
    async cancelJob(id) {
      const { data, faults } = await answers.mutate(CANCEL, { id });
      return data?.jobCancel?.userErrors[0] ?? faults[0];
    },
  });
  guardLeaving(list);
  addEventListener('hashchange', () => route.set(routeOf(location.hash)));
  return {
    credentials: own,
    graph: answers,
    stream,
    list,
    sender: sending,
    route,
    said: store(''),
    signIn(token) {
      own.token.set(token || null);
      own.refused.set(false);
      stream.reconnect();
      for (const { key, stage } of list.get()) if (mendedByToken(stage)) sending.retry(key);
    },
    show(next) {
      history.replaceState(null, '', hashOf(next));
      route.set(next);
    },
  };
}

export const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('There is no session around this part');
  return session;
}
