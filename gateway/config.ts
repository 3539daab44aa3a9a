import { join, resolve } from 'node:path';
import { z } from 'zod';
import { commonSettings, portSetting, readSettings, uploadSizeSetting } from '#common/env.ts';
import { type StorageConfig, storageConfig, storageSettings } from '#common/storage-settings.ts';
import { type TracingConfig, tracingConfig } from '#common/tracing-config.ts';
import type { AuthenticationConfig } from './guard/authentication.ts';
import { type GuardConfig, guardConfig, guardSettings } from './guard/guard-settings.ts';
import { isLoopback } from './guard/loopback.ts';
import { headerAllowList } from './upstream/forwarded-headers.ts';

export type GatewayConfig = StorageConfig & {
  readonly host: string;
  readonly port: number;
  readonly logLevel: string;
  readonly tracing?: TracingConfig | undefined;
  /** How long it answers on when it is asked to stop. */
  readonly drainDelayMs?: number | undefined;
  /** Path of the supergraph's SDL; it is watched. */
  readonly supergraph: string;
  /** Names of the caller's headers that reach the subgraphs. */
  readonly forwardHeaders: readonly string[];
  /** Base address of each subgraph, by its name in the supergraph. */
  readonly subgraphs: ReadonlyMap<string, string>;
  readonly maxUploadBytes: number;
  /** Time for one answer. */
  readonly requestMs: number;
  readonly guard: GuardConfig;
  /** Absent where nobody is authenticated. */
  readonly authentication: AuthenticationConfig | undefined;
  /** Origins of the CDS clients that run in a browser. */
  readonly cdsOrigins: readonly string[];
  /** Origins of pages that are not ours, and may open WebSockets and send forms as ours do. */
  readonly allowedOrigins: readonly string[];
  /** Whether nothing but listening on loopback keeps others out, so that no other host may be asked for. */
  readonly loopbackOnly: boolean;
  /** Subscriptions of this process, over all its transports. */
  readonly mostSubscriptions: number;
  /** Operations that one WebSocket may have open. */
  readonly mostOperations: number;
  /** Requests with files that one caller may have under way. */
  readonly mostUploads: number;
  /** How long a client may read nothing of a stream that waits for it, or send nothing of an upload. */
  readonly stuckMs: number;
};

const flag = z.enum(['0', '1']).default('0');

const COMPOSED = join(import.meta.dirname, '../schema/supergraph.graphql');

const headerNames = z.string().transform((text, read) => {
  try {
    return headerAllowList(text);
  } catch (error) {
    read.addIssue({ code: 'custom', message: (error as Error).message });
    return z.NEVER;
  }
});

const origins = z
  .string()
  .transform((text) => text.split(',').map((origin) => origin.trim()))
  .pipe(z.array(z.string().refine(isOrigin, 'Expected origins such as https://ehr.example, by commas')));

export function gatewayConfig(env: NodeJS.ProcessEnv): GatewayConfig {
  const settings = readSettings(
    {
      ...commonSettings,
      ...storageSettings,
      PORT: portSetting(4000),
      IMAGING_PORT: portSetting(4001),
      HEATMAP_PORT: portSetting(4002),
      ICU_PORT: portSetting(4003),
      IMAGING_URL: z.url().optional(),
      HEATMAP_URL: z.url().optional(),
      ICU_URL: z.url().optional(),
      MAX_UPLOAD_MB: uploadSizeSetting,
      REQUEST_TIMEOUT_MS: z.coerce.number().int().min(100).max(600_000).default(30_000),
      MAX_SUBSCRIPTIONS: z.coerce.number().int().min(1).default(10_000),
      MAX_OPERATIONS_PER_SOCKET: z.coerce.number().int().min(1).max(10_000).default(100),
      MAX_UPLOADS_AT_ONCE: z.coerce.number().int().min(1).optional(),
      STUCK_SOCKET_MS: z.coerce.number().int().min(100).default(30_000),
      ALLOW_UNAUTHENTICATED: flag,
      AUTH_JWKS_URL: z.url().optional(),
      AUTH_ISSUER: z.string().optional(),
      AUTH_AUDIENCE: z.string().optional(),
      SUPERGRAPH_PATH: z
        .string()
        .transform((path) => resolve(path))
        .default(COMPOSED),
      FORWARD_HEADERS: headerNames.default([]),
      CDS_ORIGINS: origins.default([]),
      ALLOWED_ORIGINS: origins.default([]),
      ...guardSettings,
    },
    env,
  );
  const { AUTH_JWKS_URL: jwksUrl, AUTH_ISSUER: issuer, AUTH_AUDIENCE: audience } = settings;
  const given = [jwksUrl, issuer, audience].filter((one) => one !== undefined).length;
  if (given !== 0 && given !== 3)
    throw new Error('Bad settings:\nAUTH_JWKS_URL, AUTH_ISSUER and AUTH_AUDIENCE belong together');
  const authentication = jwksUrl && issuer && audience ? { jwksUrl, issuer, audience } : undefined;
  if (!isLoopback(settings.HOST) && !authentication && settings.ALLOW_UNAUTHENTICATED === '0')
    throw new Error(
      'Bad settings:\nHOST is not loopback and nobody is authenticated: set AUTH_JWKS_URL, AUTH_ISSUER and ' +
        'AUTH_AUDIENCE, or ALLOW_UNAUTHENTICATED=1 to allow it',
    );
  const base = (url: string | undefined, port: number) =>
    (url ?? `http://127.0.0.1:${port}`).replace(/\/$/, '');
  return {
    host: settings.HOST,
    port: settings.PORT,
    ...storageConfig(settings),
    logLevel: settings.LOG_LEVEL,
    tracing: tracingConfig(settings),
    drainDelayMs: settings.DRAIN_DELAY_MS,
    supergraph: settings.SUPERGRAPH_PATH,
    forwardHeaders: settings.FORWARD_HEADERS,
    subgraphs: new Map([
      ['imaging', base(settings.IMAGING_URL, settings.IMAGING_PORT)],
      ['heatmap', base(settings.HEATMAP_URL, settings.HEATMAP_PORT)],
      ['icu', base(settings.ICU_URL, settings.ICU_PORT)],
    ]),
    maxUploadBytes: settings.MAX_UPLOAD_MB * 1024 * 1024,
    requestMs: settings.REQUEST_TIMEOUT_MS,
    guard: guardConfig(settings, isLoopback(settings.HOST)),
    authentication,
    cdsOrigins: settings.CDS_ORIGINS,
    allowedOrigins: settings.ALLOWED_ORIGINS,
    loopbackOnly: isLoopback(settings.HOST) && !authentication && settings.ALLOW_UNAUTHENTICATED === '0',
    mostSubscriptions: settings.MAX_SUBSCRIPTIONS,
    mostOperations: settings.MAX_OPERATIONS_PER_SOCKET,
    // On this machine alone every caller has the same address, and load tests start hundreds at once.
    mostUploads: settings.MAX_UPLOADS_AT_ONCE ?? (isLoopback(settings.HOST) ? Number.POSITIVE_INFINITY : 16),
    stuckMs: settings.STUCK_SOCKET_MS,
  };
}

function isOrigin(text: string): boolean {
  return !text.includes('*') && URL.canParse(text) && new URL(text).origin === text;
}
