import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Logger, pino } from 'pino';
import sharp from 'sharp';
import { servingConfig } from '../../serving/config.ts';
import { startServing } from '../../serving/server.ts';
import { heatmapConfig } from '../../subgraphs/heatmap/config.ts';
import { startHeatmap } from '../../subgraphs/heatmap/server.ts';
import { icuConfig } from '../../subgraphs/icu/config.ts';
import { startIcu } from '../../subgraphs/icu/server.ts';
import { imagingConfig } from '../../subgraphs/imaging/config.ts';
import { startImaging } from '../../subgraphs/imaging/server.ts';
import { gatewayConfig } from '../config.ts';
import { startGateway } from '../server.ts';

const MODELS = join(import.meta.dirname, '../../serving/models');

export type System = AsyncDisposable & {
  readonly url: string;
  readonly dataDir: string;
  /** Base addresses of the services themselves, where their probes and metrics are. */
  readonly services: Readonly<Record<'gateway' | 'imaging' | 'heatmap' | 'icu' | 'serving', string>>;
  /** Ends the model server. */
  stopServing(): Promise<void>;
};

/** What is unlike the whole and healthy system with the model that it ships. */
export type SystemSettings = {
  readonly serving?: 'dead';
  /** Where another model server is, in place of the system's own. */
  readonly servingAddress?: string;
  /** A dead subgraph refuses connections, a hung one takes them and never answers. */
  readonly imaging?: 'dead' | 'hung';
  readonly heatmap?: 'dead' | 'hung';
  readonly icu?: 'dead' | 'hung';
  /** Settings of imaging, such as those of a PACS. */
  readonly imagingSettings?: Readonly<Record<string, string>>;
  /** Settings of the ICU service, such as those of an IRIS. */
  readonly icuSettings?: Readonly<Record<string, string>>;
  readonly requestMs?: number;
  /** Path of a supergraph of the test's own. */
  readonly supergraph?: string;
  readonly forwardHeaders?: string;
  /** Settings of the gateway beside those that hold the system together. */
  readonly gateway?: Readonly<Record<string, string>>;
  /** Settings of where images and keys are, for every service. */
  readonly storage?: Readonly<Record<string, string>>;
  /** Where the data folder is made; among the temporary files when it is left out. */
  readonly disk?: string;
  /** The folder of models, the one of them that reads radiographs, and settings of which of its versions do. */
  readonly models?: {
    readonly folder: string;
    readonly name: string;
    readonly settings?: Readonly<Record<string, string>>;
  };
  /** Settings of every service, such as where spans go. */
  readonly everywhere?: Readonly<Record<string, string>>;
  /** Makes the logger of a service. */
  readonly loggerOf?: (service: string) => Logger;
  /** Hears what every service logs. */
  readonly logger?: Logger;
};

/** The whole chain on free ports in one process, with a data folder of its own. */
export async function startSystem(settings: SystemSettings = {}): Promise<System> {
  const dataDir = mkdtempSync(join(settings.disk ?? tmpdir(), 'radiograph-'));
  const logger = settings.logger ?? pino({ level: process.env.LOG_LEVEL ?? 'silent' });
  const host = '127.0.0.1';
  const loggerOf = settings.loggerOf ?? (() => logger);
  const common = {
    ...{ DATA_DIR: dataDir, LOG_LEVEL: 'silent' },
    ...{ ...settings.storage, ...settings.everywhere },
  };
  const { folder, name, settings: versions = {} } = settings.models ?? { folder: MODELS, name: 'covid19' };
  const stack = new AsyncDisposableStack();
  stack.defer(() => rmSync(dataDir, { recursive: true, force: true }));
  const servingSettings = {
    ...{ ...common, ...versions, HOST: host, SERVING_GRPC_PORT: '0', SERVING_REST_PORT: '0' },
    ...{ MODEL_BASE_PATH: folder, SERVING_WORKERS: '1' },
  };
  const serving = stack.use(await startServing(servingConfig(servingSettings), loggerOf('serving')));
  const modelPort = serving.grpcPort;
  if (settings.serving === 'dead') await serving[Symbol.asyncDispose]();
  const imagingSettings = {
    ...{ ...common, ...versions, IMAGING_PORT: '0', MODEL_NAME: name, MODEL_BASE_PATH: folder },
    TF_SERVING: `embedded=${settings.servingAddress ?? `${host}:${modelPort}`}`,
    ...settings.imagingSettings,
  };
  const imaging = stack.use(await startImaging(imagingConfig(imagingSettings), loggerOf('imaging')));
  const heatmap = stack.use(
    await startHeatmap(heatmapConfig({ ...common, HEATMAP_PORT: '0' }), loggerOf('heatmap')),
  );
  const icu = stack.use(
    await startIcu(icuConfig({ ...common, ICU_PORT: '0', ...settings.icuSettings }), loggerOf('icu')),
  );
  const silent = createServer().listen(0, host);
  stack.defer(() => void silent.close());
  await once(silent, 'listening');
  const hungUrl = `http://${host}:${(silent.address() as AddressInfo).port}`;
  const freed = createServer().listen(0, host);
  await once(freed, 'listening');
  const deadUrl = `http://${host}:${(freed.address() as AddressInfo).port}`;
  freed.close();
  const seen = ({ url }: { url: string }, fault?: 'dead' | 'hung') =>
    fault === undefined ? url : fault === 'hung' ? hungUrl : deadUrl;
  const env = {
    ...common,
    PORT: '0',
    IMAGING_URL: seen(imaging, settings.imaging),
    HEATMAP_URL: seen(heatmap, settings.heatmap),
    ICU_URL: seen(icu, settings.icu),
    MAX_UPLOAD_MB: '2',
    REQUEST_TIMEOUT_MS: String(settings.requestMs ?? 30_000),
    SUPERGRAPH_PATH: settings.supergraph,
    FORWARD_HEADERS: settings.forwardHeaders,
    ...settings.gateway,
  };
  const gateway = stack.use(await startGateway(gatewayConfig(env), loggerOf('gateway')));
  return {
    url: gateway.url,
    dataDir,
    services: {
      ...{ gateway: gateway.url, imaging: imaging.url, heatmap: heatmap.url, icu: icu.url },
      serving: `http://${host}:${serving.restPort}`,
    },
    stopServing: async () => serving[Symbol.asyncDispose](),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** A grey picture that decodes; `seed` makes it unlike others. */
export function picture(format: 'jpeg' | 'png', seed = 0): Promise<Buffer> {
  const width = 300;
  const height = 240;
  const grey = Uint8Array.from({ length: width * height }, (_, i) => (i * 7 + seed * 31 + (i % width)) % 256);
  return sharp(grey, { raw: { width, height, channels: 1 } })
    .toFormat(format)
    .toBuffer();
}

export type Answer = {
  data?: Record<string, never> | null;
  errors?: { message: string; extensions: { code: string } }[];
};

export async function ask(
  url: string,
  query: string,
  variables: object = {},
  signal?: AbortSignal,
): Promise<Answer> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ query, variables }),
    signal: signal ?? null,
  });
  return (await answer.json()) as Answer;
}

/** Sends files by the GraphQL multipart request specification; `$files` is their variable. */
export async function upload(
  url: string,
  query: string,
  files: readonly Buffer[],
  signal?: AbortSignal,
): Promise<Answer> {
  const form = new FormData();
  form.set('operations', JSON.stringify({ query, variables: { files: files.map(() => null) } }));
  form.set('map', JSON.stringify(Object.fromEntries(files.map((_, i) => [i, [`variables.files.${i}`]]))));
  for (const [i, file] of files.entries()) form.set(String(i), new Blob([new Uint8Array(file)]), `file-${i}`);
  const headers = { 'apollo-require-preflight': '1' };
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers,
    body: form,
    signal: signal ?? null,
  });
  return (await answer.json()) as Answer;
}
