import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempDisposableSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { commonSettings, readSettings } from '#common/env.ts';
import { storageSettings } from '#common/storage-settings.ts';
import { gatewayConfig } from '../../gateway/config.ts';
import { servingConfig } from '../../serving/config.ts';
import { heatmapConfig } from '../../subgraphs/heatmap/config.ts';
import { icuConfig } from '../../subgraphs/icu/config.ts';
import { imagingConfig } from '../../subgraphs/imaging/config.ts';
import { composeFaults } from './testing/compose-faults.ts';
import { type ComposeFile, composes, ROOT, readCompose } from './testing/compose-file.ts';

const SCHEMA = join(import.meta.dirname, 'testing/compose-spec.json');
const MAKE_SECRETS = join(import.meta.dirname, 'make-secrets.sh');
/** What other steps of a deployment put there. */
const MADE_LATER = ['serving/saved-models'];

if (composes.length === 0)
  console.warn(
    'SKIPPED: docker-compose.yml is not read, since no Compose is here (Debian package docker-compose)',
  );

test('the compose file is one by the schema of the Compose Specification', () => {
  const valid = new Ajv2020({ strict: false, validateFormats: false }).compile(
    JSON.parse(readFileSync(SCHEMA, 'utf8')),
  );
  const file = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true });
  valid(file);
  expect(valid.errors).toBeNull();
  valid({ ...file, services: { ...file.services, icu: { ...file.services.icu, port: 4003 } } });
  expect(valid.errors).not.toBeNull();
});

describe.skipIf(composes.length === 0)('the compose file, as Compose reads it', () => {
  const [compose = []] = composes;
  let file: ComposeFile;

  test('every Compose that is here reads it', { timeout: 60_000 }, () => {
    for (const one of composes.toReversed()) file = readCompose(one);
    expect(Object.keys(file.services).length).toBeGreaterThan(15);
  });

  test('it keeps to its rules', () => {
    expect(composeFaults(file)).toEqual([]);
  });

  test.each<[string, (services: Record<string, object>) => object]>([
    ['gateway: it publishes a port', ({ gateway }) => ({ gateway: { ...gateway, ports: ['4000:4000'] } })],
    ['icu: its root file system is writable', ({ icu }) => ({ icu: { ...icu, read_only: false } })],
    ['icu: it keeps capabilities', ({ icu }) => ({ icu: { ...icu, cap_drop: [] } })],
    [
      'heatmap: nothing says whether it works',
      ({ heatmap }) => ({ heatmap: { ...heatmap, healthcheck: undefined } }),
    ],
    ['icu: it may take the machine', ({ icu }) => ({ icu: { ...icu, mem_limit: undefined } })],
    ['icu: it is killed while it drains', ({ icu }) => ({ icu: { ...icu, stop_grace_period: '10s' } })],
    ['gateway: it has one name', ({ gateway }) => ({ gateway: { ...gateway, container_name: 'gateway' } })],
    ['icu: there is no secret nothing', ({ icu }) => ({ icu: { ...icu, secrets: [{ source: 'nothing' }] } })],
    [
      'icu: IRIS_PASSWORD holds a secret',
      ({ icu }) => ({ icu: { ...icu, environment: { IRIS_PASSWORD: '0123456789abcdef0123456789abcdef' } } }),
    ],
    [
      'icu: it waits for iris, which may not be there',
      ({ icu }) => ({ icu: { ...icu, depends_on: { iris: { condition: 'service_started' } } } }),
    ],
    ['s3: the image has no version', ({ s3 }) => ({ s3: { ...s3, image: 'chrislusf/seaweedfs:latest' } })],
  ])('a fault is found: %s', (fault, change) => {
    const services = { ...file.services, ...change(file.services as Record<string, object>) };
    expect(composeFaults({ ...file, services } as ComposeFile).join('\n')).toContain(fault);
  });

  test('only HAProxy is reached from outside, and by default from this machine alone', {
    timeout: 60_000,
  }, () => {
    const published = Object.entries(file.services).filter(([, { ports }]) => ports);
    expect(published.map(([name]) => name)).toEqual(['haproxy']);
    const ports = file.services.haproxy?.ports ?? [];
    expect(ports).toHaveLength(2);
    for (const port of ports) expect(JSON.stringify(port)).toContain('127.0.0.1');
    const open =
      readCompose(compose, { PUBLISH_ADDRESS: '0.0.0.0', PORT: '443' }).services.haproxy?.ports ?? [];
    expect(JSON.stringify(open)).toContain('0.0.0.0');
    // Statistics stay here.
    expect(open.filter((port) => JSON.stringify(port).includes('127.0.0.1'))).toHaveLength(1);
  });

  test('a service of ours gets settings that it has, and no others', () => {
    const storing = (env: NodeJS.ProcessEnv) => readSettings({ ...commonSettings, ...storageSettings }, env);
    const readers: Record<string, (env: NodeJS.ProcessEnv) => unknown> = {
      ...{ gateway: gatewayConfig, heatmap: heatmapConfig, icu: icuConfig, serving: servingConfig },
      ...{ 'imaging-api': imagingConfig, 'imaging-worker': imagingConfig, keys: storing, bucket: storing },
    };
    const unknown = (read: (env: NodeJS.ProcessEnv) => unknown, name: string) =>
      // A setting that may stand in a file is a setting.
      !faultOf(() => read({ [`${name}_FILE`]: '/nowhere' })).includes(`at ${name}_FILE`);
    const ours = Object.entries(file.services).filter(
      ([, { build }]) => build?.dockerfile === 'deploy/docker/Dockerfile',
    );
    expect(ours.map(([name]) => name).sort()).toEqual(Object.keys(readers).sort());
    for (const [name, { environment = {} }] of ours) {
      const read = readers[name];
      if (!read) throw new Error(`Nobody reads the settings of ${name}`);
      const names = Object.keys(environment).map((key) => key.replace(/_FILE$/, ''));
      expect(
        names.filter((key) => unknown(read, key)),
        name,
      ).toEqual([]);
      expect(unknown(read, 'IMAGNG_URL'), name).toBe(true);
    }
  });

  test('every folder of this repository that a container gets is there', () => {
    const folders = Object.values(file.services).flatMap(({ volumes = [] }) =>
      volumes.flatMap((volume) => {
        const source = typeof volume === 'string' ? volume.split(':')[0] : volume.source;
        return source?.startsWith(ROOT) ? [source.slice(ROOT.length + 1)] : [];
      }),
    );
    expect(folders.length).toBeGreaterThan(2);
    const missing = folders.filter(
      (folder) => !MADE_LATER.some((one) => folder.startsWith(one)) && !existsSync(join(ROOT, folder)),
    );
    expect(missing).toEqual([]);
  });

  test('the script makes every secret, once, for its containers to read and for nobody else here', {
    timeout: 60_000,
  }, () => {
    using folder = mkdtempDisposableSync(join(tmpdir(), 'secrets-'));
    const secrets = join(folder.path, 'secrets');
    const make = () => execFileSync('sh', [MAKE_SECRETS, secrets], { encoding: 'utf8' });
    make();
    const contents = () => readdirSync(secrets).map((name) => readFileSync(join(secrets, name), 'utf8'));
    const before = contents();
    make();
    expect(contents()).toEqual(before);
    expect(statSync(secrets).mode & 0o777).toBe(0o700);
    const wanted = readCompose(compose, { SECRETS_DIR: secrets }).secrets;
    for (const [name, { file: path }] of Object.entries(wanted)) {
      expect(statSync(path).mode & 0o777, name).toBe(0o644);
      expect(readFileSync(path, 'utf8').length, name).toBeGreaterThan(20);
    }
    expect(readFileSync(join(secrets, 'database-url'), 'utf8')).toContain(
      `:${readFileSync(join(secrets, 'postgres-password'), 'utf8')}@postgres:5432/`,
    );
  });
});

function faultOf(run: () => unknown): string {
  try {
    run();
    return '';
  } catch (error) {
    return String(error);
  }
}
