import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { ANONYMOUS, type Caller } from '#common/caller.ts';
import { asGateway } from '#common/testing/as-gateway.ts';
import { icuConfig } from '../config.ts';
import { startIcu } from '../server.ts';

// biome-ignore lint/suspicious/noExplicitAny: the shape is what the tests check
export type Answer = { data?: any; errors?: { message: string; extensions: { code: string } }[] };

export type Icu = AsyncDisposable & {
  readonly url: string;
  readonly dataDir: string;
  ask(query: string, variables?: object, caller?: Partial<Caller>): Promise<Answer>;
  /** Sends a body that is written already. */
  post(body: string, caller?: Partial<Caller>): Promise<Answer>;
};

/** The subgraph on a free port over a data folder, asked as the gateway asks it. */
export async function startedIcu(dataDir: string, settings: Record<string, string> = {}): Promise<Icu> {
  const config = icuConfig({ DATA_DIR: dataDir, ICU_PORT: '0', LOG_LEVEL: 'silent', ...settings });
  const server = await startIcu(config, pino({ level: 'silent' }));
  const post: Icu['post'] = async (body, caller) => {
    const token = await asGateway(dataDir, 'icu', { ...ANONYMOUS, ...caller });
    const headers = { 'content-type': 'application/json', ...token };
    const response = await fetch(`${server.url}/graphql`, { method: 'POST', headers, body });
    return (await response.json()) as Answer;
  };
  return {
    url: server.url,
    dataDir,
    post,
    ask: (query, variables = {}, caller) => post(JSON.stringify({ query, variables }), caller),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** The same with a data folder of its own. */
export async function anIcu(settings?: Record<string, string>): Promise<Icu> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'icu-'));
  const icu = await startedIcu(folder.path, settings);
  return {
    ...icu,
    async [Symbol.asyncDispose]() {
      await icu[Symbol.asyncDispose]();
      await folder.remove();
    },
  };
}
