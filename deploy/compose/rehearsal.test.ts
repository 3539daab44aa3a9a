import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBucket } from '#common/testing/bucket.ts';
import { postgresServer, startPostgres } from '#common/testing/postgres.ts';
import { program } from '#common/testing/programs.ts';
import { redisServer } from '#common/testing/redis.ts';
import { haproxyServer } from '../../gateway/e2e/chaos/haproxy.ts';
import { readWhole, send } from '../../gateway/e2e/chaos/hospital-client.ts';
import { startNameServer } from '../../gateway/e2e/proxy/name-server.ts';
import { ask, picture } from '../../gateway/e2e/system.ts';
import { bubblewrap, isRoot } from '../docker/testing/container.ts';
import { buildImage, type Image, ROOT } from '../docker/testing/image-build.ts';
import { type ComposeFile, composes, readCompose } from './testing/compose-file.ts';
import { type Rehearsal, type Replica, rehearse } from './testing/rehearsal.ts';

const parts = {
  ...{ bubblewrap, postgres: postgresServer, 'redis-server': redisServer, haproxy: haproxyServer },
  openssl: program('openssl'),
};
const missing = [
  ...Object.entries(parts).flatMap(([name, path]) => (path ? [] : [name])),
  ...(composes.length > 0 ? [] : ['docker-compose']),
  ...(isRoot ? [] : ['the rights of root']),
];
if (missing.length > 0)
  console.warn(`SKIPPED: the compose file is not rehearsed, for want of ${missing.join(', ')}`);

/** For localhost, until tomorrow. @returns what a client trusts */
function makeCertificate(folder: string, to: string): Buffer {
  const [key, crt] = [join(folder, 'key.pem'), join(folder, 'crt.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const asked = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', ...subject];
  execFileSync(parts.openssl ?? '', [...asked, '-keyout', key, '-out', crt], { stdio: 'ignore' });
  writeFileSync(to, readFileSync(key, 'utf8') + readFileSync(crt, 'utf8'));
  return readFileSync(crt);
}

const RISK = '{ patient(id: "7") { icuRisk { probability } } }';

describe.skipIf(missing.length > 0)('the compose file, rehearsed without an engine', () => {
  const stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'compose-'));
  let image: Image;
  let file: ComposeFile;
  let rehearsal: Rehearsal;
  let store: Record<string, string>;
  let url: string;
  let certificate: Buffer;
  const gateways: Replica[] = [];

  beforeAll(async () => {
    stack.defer(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
    const [images, volumes, secrets] = ['images', 'volumes', 'secrets'].map((name) => join(folder, name));
    if (!images || !volumes || !secrets || !composes[0]) throw new Error('Expected all that is asked for');
    for (const path of [images, volumes]) mkdirSync(path, { mode: 0o755 });
    image = await buildImage({ folder: images, installed: true });
    execFileSync('sh', [join(import.meta.dirname, 'make-secrets.sh'), secrets], { stdio: 'ignore' });
    const postgres = stack.use(await startPostgres());
    const bucket = stack.use(await startBucket());
    const { endpoint, accessKeyId, secretAccessKey } = bucket.settings;
    // Where the stores of this machine are.
    writeFileSync(join(secrets, 'database-url'), await postgres.database());
    writeFileSync(join(secrets, 's3-access-key-id'), accessKeyId);
    writeFileSync(join(secrets, 's3-secret-access-key'), secretAccessKey);
    store = { S3_ENDPOINT: endpoint };
    certificate = makeCertificate(folder, join(secrets, 'tls-certificate.pem'));
    const env = { SECRETS_DIR: secrets, SERVING_WORKERS: '1', LOG_LEVEL: 'warn' };
    file = readCompose(composes[0], env, ['deploy/compose/tls.yml']);
    rehearsal = stack.use(rehearse({ file, image, folder: volumes }));
  }, 300_000);
  afterAll(() => stack.disposeAsync(), 60_000);

  test('the tasks end well, and again at the next start', { timeout: 60_000 }, async () => {
    for (const again of ['first', 'second']) {
      expect(await rehearsal.run('keys'), again).toMatchObject({ code: 0 });
      expect(await rehearsal.run('bucket', store), again).toMatchObject({ code: 0 });
    }
  });

  test('every service becomes healthy, and none is before it has started', { timeout: 240_000 }, async () => {
    const names = new Map(
      ['gateway', 'imaging-api', 'heatmap'].map((name) => [
        name,
        [0, 1].map((replica) => rehearsal.addressOf(name, replica)),
      ]),
    );
    const dns = stack.use(await startNameServer(names));
    const up = async (started: readonly Replica[]) => {
      for (const one of started) await one.healthy();
    };
    await up(['redis-queue', 'redis-cache', 'serving', 'icu'].map((name) => rehearsal.start(name)));
    const at = rehearsal.addressOf('haproxy');
    const proxy = rehearsal.start('haproxy', {
      ...{
        BIND_EDGE: `${at}:8080`,
        BIND_TLS: `${at}:8443`,
        BIND_STATS: `${at}:8404`,
        BIND_METRICS: `${at}:8405`,
        DNS_ADDRESS: `127.0.0.1:${dns.port}`,
      },
      ...{ BIND_IMAGING: `${at}:4001`, BIND_HEATMAP: `${at}:4002` },
    });
    // As `docker compose up --scale gateway=2 --scale imaging-worker=2` would.
    const behind = ['imaging-api', 'imaging-worker', 'imaging-worker', 'heatmap'];
    await up(behind.map((name) => rehearsal.start(name, store)));
    expect(await proxy.check()).not.toBe(0);
    gateways.push(rehearsal.start('gateway', store), rehearsal.start('gateway', store));
    expect(await gateways[0]?.check()).not.toBe(0);
    await up([...gateways, proxy]);
    url = `http://${at}:8080`;
    const started = new Set(rehearsal.replicas.map(({ service }) => service));
    const ours = Object.entries(file.services).filter(([, { build }]) =>
      build?.dockerfile.includes('docker/'),
    );
    expect(
      ours.map(([name]) => name).filter((name) => !started.has(name) && !['keys', 'bucket'].includes(name)),
    ).toEqual([]);
  });

  test('a radiograph goes through all of it', { timeout: 60_000 }, async () => {
    const { answer: id = '', refusal } = await send(url, await picture('png', 1));
    expect(refusal).toBeUndefined();
    const { state, radiograph } = await readWhole([url], id, Date.now() + 40_000);
    expect(state).toBe('SUCCEEDED');
    expect(radiograph?.heatmap?.peak).toBeDefined();
    const { data } = (await ask(url, RISK)) as unknown as {
      data: { patient: { icuRisk: { probability: number } } };
    };
    expect(data.patient.icuRisk.probability).toBeGreaterThan(0);
    // The figure that scales workers in a cluster.
    const worker = rehearsal.addressOf('imaging-worker');
    const figures = await (await fetch(`http://${worker}:4001/metrics`)).text();
    expect(figures).toMatch(/^jobs_waiting\{service="imaging"\} \d+$/m);
    const scaler = readFileSync(join(ROOT, 'deploy/k8s/base/imaging-worker.yaml'), 'utf8');
    expect(scaler).toContain('name: jobs_waiting\n');
    const explorer = await fetch(`${url}/explorer`, { headers: { accept: 'text/html' } });
    expect(await explorer.text()).toContain('<script');
  });

  test('TLS is another way in, with the certificate among the secrets', async () => {
    const options = { ca: certificate, servername: 'localhost' };
    const asked = request(`https://${new URL(url).hostname}:8443/readyz`, options).end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['strict-transport-security']).toBeDefined();
    answer.resume();
  });

  test('volumes can be read out as docs/backup.md does it', { timeout: 20_000 }, async () => {
    for (const [name, path, file] of [
      ['keys', '/keys', 'master.key'],
      ['icu', '/data', 'icu.sqlite'],
    ] as const) {
      const { code, said } = await rehearsal.run(name, {}, ['tar', '-C', path, '-c', '.']);
      expect(code, said.slice(0, 200)).toBe(0);
      expect(said).toContain(file);
    }
  });

  test('a container is a user without rights on a root that nobody writes to', {
    timeout: 60_000,
  }, async () => {
    for (const replica of rehearsal.replicas.filter(({ service }) =>
      ['gateway', 'icu', 'serving'].includes(service),
    )) {
      const { said } = await replica.exec([
        'sh',
        '-c',
        'id -u; grep -E "CapEff|CapBnd|NoNewPrivs" /proc/self/status',
      ]);
      expect(said.split(/\s+/)).toEqual([
        '1000',
        'CapEff:',
        '0000000000000000',
        'CapBnd:',
        '0000000000000000',
        'NoNewPrivs:',
        '1',
        '',
      ]);
      for (const path of ['/app/here', '/here', '/app/node_modules/here'])
        expect((await replica.exec(['touch', path])).said, replica.service).toContain(
          'Read-only file system',
        );
    }
  });

  test('ICU has the public key alone', { timeout: 20_000 }, async () => {
    const icu = rehearsal.replicas.find(({ service }) => service === 'icu');
    expect((await icu?.exec(['sh', '-c', 'ls /public-key; ls -d /keys/*']))?.said).toMatch(
      /^gateway\.pub\n.*cannot access/s,
    );
    expect((await gateways[0]?.exec(['sh', '-c', 'ls /keys; touch /keys/here']))?.said).toMatch(
      /gateway\.key\ngateway\.pub\nmaster\.key\n.*Read-only file system/s,
    );
  });

  test('a gateway that is asked to stop says so, answers on, and ends with 0', {
    timeout: 60_000,
  }, async () => {
    const [leaving] = gateways;
    if (!leaving) throw new Error('There is no gateway');
    const stopped = leaving.stop();
    const direct = `http://${leaving.address}:4000`;
    for (;;) {
      const answer = await fetch(`${direct}/readyz`);
      if (answer.status === 503) {
        expect(await answer.json()).toEqual({ status: 'leaving' });
        break;
      }
    }
    expect((await ask(direct, '{ __typename }')).data).toEqual({ __typename: 'Query' });
    expect(await stopped).toBe(0);
    expect(await leaving.check()).not.toBe(0);
    expect((await ask(url, '{ __typename }')).data).toEqual({ __typename: 'Query' });
  });

  test('workers and the rest end with 0 as well', { timeout: 120_000 }, async () => {
    const ours = rehearsal.replicas.filter(
      ({ service, process: child }) => !/redis|haproxy/.test(service) && child.exitCode === null,
    );
    expect(ours.length).toBeGreaterThan(6);
    const codes = await Promise.all(ours.map(async (one) => [one.service, await one.stop()]));
    expect(codes.filter(([, code]) => code !== 0)).toEqual([]);
  });
});
