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
const TLS = 'deploy/compose/tls.yml';
/** What other steps of a deployment put there. */
const MADE_LATER = ['serving/saved-models'];

if (composes.length === 0)
  console.warn(
    'SKIPPED: docker-compose.yml is not read, since no Compose is here (Debian package docker-compose)',
  );

test('the compose files are such by the schema of the Compose Specification', () => {
  const valid = new Ajv2020({ strict: false, validateFormats: false }).compile(
    JSON.parse(readFileSync(SCHEMA, 'utf8')),
  );
  const [file] = ['docker-compose.yml', TLS].map((path) => {
    const read = parse(readFileSync(join(ROOT, path), 'utf8'), { merge: true });
    valid(read);
    expect(valid.errors, path).toBeNull();
    return read;
  });
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
    [
      'grafana: it publishes a port',
      ({ grafana }) => ({ grafana: { ...grafana, ports: ['0.0.0.0:3000:3000'] } }),
    ],
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
      ({ icu }) => ({ icu: { ...icu, environment: { IRIS_PASSWORD: '' } } }),
    ],
    [
      'icu: it waits for iris, which may not be there',
      ({ icu }) => ({ icu: { ...icu, depends_on: { iris: { condition: 'service_started' } } } }),
    ],
    ['icu: it ends, and nobody waits for that', ({ icu }) => ({ icu: { ...icu, restart: 'no' } })],
    ['s3: the image has no version', ({ s3 }) => ({ s3: { ...s3, image: 'chrislusf/seaweedfs:latest' } })],
  ])('a fault is found: %s', (fault, change) => {
    const services = { ...file.services, ...change(file.services as Record<string, object>) };
    expect(composeFaults({ ...file, services } as ComposeFile).join('\n')).toContain(fault);
  });

  test('only HAProxy is reached from outside, and by default from this machine alone', {
    timeout: 60_000,
  }, () => {
    const portsIn = ({ services }: ComposeFile) =>
      Object.entries(services).flatMap(([name, { ports = [], profiles }]) =>
        ports.map((port) => ({ name, profiles, isHere: JSON.stringify(port).includes('127.0.0.1') })),
      );
    const published = portsIn(file);
    expect(published.filter(({ isHere }) => !isHere)).toEqual([]);
    const always = published.filter(({ profiles }) => !profiles);
    expect(always.map(({ name }) => name)).toEqual(['haproxy', 'haproxy']);
    const open = (env: Record<string, string>, more: string[] = []) =>
      portsIn(readCompose(compose, env, more)).flatMap(({ name, isHere }) => (isHere ? [] : [name]));
    // Statistics stay here, and so does the plain way in while TLS is another.
    expect(open({ PUBLISH_ADDRESS: '0.0.0.0', PORT: '443' })).toEqual(['haproxy']);
    expect(open({}, [TLS])).toEqual(['haproxy']);
  });

  test('with TLS it keeps to its rules, too', { timeout: 60_000 }, () => {
    const { services, ...rest } = readCompose(compose, {}, [TLS]);
    expect(composeFaults({ services, ...rest })).toEqual([]);
    expect(services.haproxy?.entrypoint?.join(' ')).toContain(
      `${file.services.haproxy?.entrypoint?.join(' ')} -f /srv/haproxy/tls.cfg`,
    );
    expect(services.haproxy?.environment).toMatchObject(file.services.haproxy?.environment ?? {});
    expect(services.haproxy?.environment?.TLS_CERTIFICATE).toBe('/run/secrets/tls-certificate.pem');
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
    const secret = (name: string) => readFileSync(join(secrets, name), 'utf8');
    expect(secret('database-url')).toContain(`:${secret('postgres-password')}@postgres:5432/`);
    // Imaging asks the PACS as the one account that it has.
    const { RegisteredUsers: accounts } = JSON.parse(secret('orthanc-users.json'));
    const { DICOMWEB_USER: user } = file.services['imaging-worker']?.environment ?? {};
    expect(accounts).toEqual({ [String(user)]: secret('dicomweb-password').trim() });
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
