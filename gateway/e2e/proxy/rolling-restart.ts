import { setTimeout as pause } from 'node:timers/promises';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { freePort } from '#common/testing/programs.ts';
import { type Orchestrated, orchestrate } from '../chaos/orchestrated.ts';
import { ask, type System, upload } from '../system.ts';
import { type CommittedProxy, startCommittedProxy } from './committed-proxy.ts';

const UPLOAD = `mutation ($files: [Upload!]!) { radiographUpload(input: { files: $files, patientId: "7" }) {
  jobs { id } userErrors { code } } }`;
const QUERY = `{ radiographs(first: 3) { nodes { id image { url } } } patient(id: "7") { icuRisk { probability } } }`;
const FOLLOW = 'subscription ($id: ID!) { jobStatus(id: $id) { state } }';
/** Longer than HAProxy takes to see that a gateway leaves: two checks. */
const DRAIN_DELAY_MS = 2_000;

type Sent = { radiographUpload: { jobs: { id: string }[]; userErrors: { code: string }[] } | null } | null;
type Queried = {
  radiographs: { nodes: { image: { url: string } }[] } | null;
  patient: { icuRisk: object | null } | null;
};

export type Ward = {
  readonly gateways: readonly (Orchestrated & { readonly url: string })[];
  readonly proxy: CommittedProxy;
};

/** Three gateways as processes of their own, in front of the subgraphs of `system`, and HAProxy before them. */
export async function openWard(system: System, stack: AsyncDisposableStack): Promise<Ward> {
  const imaging = new URL(system.services.imaging);
  const heatmap = new URL(system.services.heatmap);
  const port = await freePort();
  // The whole network 127.0.0.0/8 is this machine.
  const addresses = ['127.0.0.41', '127.0.0.42', '127.0.0.43'];
  const proxy = stack.use(
    await startCommittedProxy({
      gateways: { port, addresses },
      imaging: { port: Number(imaging.port), addresses: [imaging.hostname] },
      heatmap: { port: Number(heatmap.port), addresses: [heatmap.hostname] },
    }),
  );
  const gateways = addresses.map((address, i) => {
    const url = `http://${address}:${port}`;
    const env = {
      ...{ DATA_DIR: system.dataDir, HOST: address, PORT: String(port), MAX_UPLOAD_MB: '2' },
      ...{ IMAGING_URL: proxy.imagingUrl, HEATMAP_URL: proxy.heatmapUrl, ICU_URL: system.services.icu },
      ...{ TRUSTED_PROXIES: 'loopback', DRAIN_DELAY_MS: String(DRAIN_DELAY_MS) },
    };
    const command: [string] = ['gateway/main.ts'];
    const program = { name: `gateway-${i + 1}`, command, env, readyUrl: `${url}/readyz` };
    return Object.assign(stack.use(orchestrate(program)), { url });
  });
  await Promise.all(gateways.map((one) => one.ready()));
  await proxy.uses('gateways', gateways.length);
  return { gateways, proxy };
}

/** Requests without a pause, until it is ended. */
export type Load = {
  readonly failures: readonly string[];
  readonly done: { queries: number; uploads: number; pictures: number };
  end(): Promise<void>;
};

export function startLoad(url: string, image: Buffer): Load {
  const failures: string[] = [];
  const done = { queries: 0, uploads: 0, pictures: 0 };
  let goesOn = true;
  const again = async (what: string, once: () => Promise<void>, pauseMs: number) => {
    while (goesOn) {
      await once().catch((error: unknown) =>
        failures.push(`${what}: ${String(error)} ${String((error as Error).cause ?? '')}`),
      );
      await pause(pauseMs);
    }
  };
  const query = async () => {
    const { data, errors } = (await ask(url, QUERY)) as unknown as {
      data: Queried | null;
      errors?: object[];
    };
    if (errors || !data?.patient?.icuRisk) throw new Error(JSON.stringify(errors ?? data));
    done.queries += 1;
    const [first] = data.radiographs?.nodes ?? [];
    if (!first) return;
    const picture = await fetch(url + first.image.url);
    if (!picture.ok || (await picture.bytes()).length === 0) throw new Error(`a picture: ${picture.status}`);
    done.pictures += 1;
  };
  const send = async () => {
    const { data, errors } = (await upload(url, UPLOAD, [image])) as unknown as {
      data: Sent;
      errors?: object[];
    };
    if (data?.radiographUpload?.jobs.length !== 1) throw new Error(JSON.stringify(errors ?? data));
    done.uploads += 1;
  };
  const loops = [
    ...[1, 2, 3].map(() => again('query', query, 50)),
    ...[1, 2].map(() => again('upload', send, 150)),
  ];
  return {
    failures,
    done,
    async end() {
      goesOn = false;
      await Promise.all(loops);
    },
  };
}

/** A job that is followed by a client of the usual library, with its defaults. */
export type Follower = {
  readonly begun: Promise<void>;
  /** The last state that it saw. */
  readonly last: Promise<string>;
  connections(): number;
};

export async function submit(url: string, image: Buffer): Promise<string> {
  const { data } = (await upload(url, UPLOAD, [image])) as unknown as { data: Sent };
  const [job] = data?.radiographUpload?.jobs ?? [];
  if (!job) throw new Error('Expected a job');
  return job.id;
}

export function followByWebSocket(url: string, id: string): Follower {
  let connected = 0;
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    on: { connected: () => (connected += 1) },
  });
  return follower(client, id, () => connected);
}

export function followByEvents(url: string, id: string): Follower {
  let connected = 0;
  const client = createSseClient({ url: `${url}/graphql`, on: { connected: () => (connected += 1) } });
  return follower(client, id, () => connected);
}

type Result = { data?: unknown; errors?: readonly object[] | undefined };
type Client = {
  iterate(request: { query: string; variables: { id: string } }): AsyncIterable<Result>;
  dispose(): void | Promise<void>;
};

function follower(client: Client, id: string, connections: () => number): Follower {
  let tellBegun: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => (tellBegun = resolve));
  const follow = async () => {
    let state = 'nothing';
    try {
      for await (const { data, errors } of client.iterate({ query: FOLLOW, variables: { id } })) {
        tellBegun();
        state = errors ? JSON.stringify(errors) : (data as { jobStatus: { state: string } }).jobStatus.state;
      }
    } catch (error) {
      return `ended by ${JSON.stringify(error)}`;
    } finally {
      tellBegun();
      await client.dispose();
    }
    return state;
  };
  return { begun, last: follow(), connections };
}
