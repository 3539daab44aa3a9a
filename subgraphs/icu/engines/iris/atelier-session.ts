import { type Row, rowsOf, type ServerInfo, serverInfoOf } from './atelier-answer.ts';
import type { AtelierHttp, HttpRequest } from './atelier-http.ts';
import { cookieJar } from './cookie-jar.ts';
import { IrisFault } from './iris-fault.ts';
import { turns } from './turns.ts';

/** The first version that answers by position, with the names of columns also where there is no row. */
const POSITIONAL_SINCE = 6;

export type Statement = {
  /** For metrics: one of a closed list. */
  readonly name: string;
  readonly sql: string;
  readonly parameters: readonly (string | number | null)[];
  /** Rows that may come. */
  readonly most: number;
};

export type IrisAccount = { readonly namespace: string; readonly user: string; readonly password: string };

export type AtelierSession = {
  /** Statements that run or wait. */
  pending(): number;
  /** @throws IrisFault */
  run(statement: Statement, signal: AbortSignal): Promise<Row[]>;
  /** Gives the licence slot back; the next statement logs in again. */
  logout(signal: AbortSignal): Promise<void>;
};

/** One CSP session, which is one licence slot: it logs in with its first statement, and later ones show its cookies.
 *  IRIS does the requests of a session one after another, so they wait here, where a deadline can end their waiting. */
export function atelierSession(http: AtelierHttp, account: IrisAccount): AtelierSession {
  const jar = cookieJar();
  const queue = turns();
  const basic = `Basic ${Buffer.from(`${account.user}:${account.password}`).toString('base64')}`;
  let info: ServerInfo | undefined;

  const forget = () => {
    jar.drop();
    info = undefined;
  };

  const send = async (request: Omit<HttpRequest, 'headers'>) => {
    const cookie = jar.header();
    const headers = {
      accept: 'application/json',
      // Without it fetch would call a text by another type, which IRIS refuses.
      ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(cookie === undefined ? { authorization: basic } : { cookie }),
    };
    try {
      const answer = await http.exchange({ ...request, headers });
      jar.take(answer.cookies);
      return answer;
    } catch (error) {
      // IRIS has gone away, and its sessions with it.
      if (error instanceof IrisFault && error.kind === 'unreachable') forget();
      throw error;
    }
  };

  const ask = async ({ sql, parameters, most }: Statement, signal: AbortSignal) => {
    if (!info) {
      const { status, body } = await send({ method: 'GET', path: '', signal });
      info = serverInfoOf(status, body);
    }
    const positional = info.api >= POSITIONAL_SINCE;
    const version = positional ? POSITIONAL_SINCE : 1;
    const { status, body } = await send({
      method: 'POST',
      path: `v${version}/${encodeURIComponent(account.namespace)}/action/query?max=${most}${positional ? '&positional=1' : ''}`,
      body: JSON.stringify({ query: sql, parameters }),
      signal,
    });
    return rowsOf(status, body);
  };

  return {
    pending: queue.pending,
    run: (statement, signal) =>
      queue.inTurn(signal, async () => {
        const loggedIn = info !== undefined;
        try {
          return await ask(statement, signal);
        } catch (error) {
          if (!loggedIn || !(error instanceof IrisFault) || error.status !== 401) throw error;
          // The session has ended or its cookies are stale, and nothing was done. Once: another refusal is final.
          forget();
          return await ask(statement, signal);
        }
      }),
    async logout(signal) {
      const cookie = jar.header();
      forget();
      if (cookie === undefined) return;
      const request = { method: 'HEAD', path: '?CacheLogout=end', headers: { cookie }, signal } as const;
      await http.exchange(request).catch(() => {
        // The slot comes free when the session expires.
      });
    },
  };
}
