import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { radiographClient } from '../../docs/clients/typescript/radiograph-client.ts';
import { startIdentityProvider } from './identity-provider.ts';
import { picture, type System, startSystem } from './system.ts';

const EXAMPLE = join(import.meta.dirname, '../../docs/clients/typescript/example.ts');

let system: System;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system[Symbol.asyncDispose]());

const file = async (format: 'jpeg' | 'png', seed: number) =>
  new File([new Uint8Array(await picture(format, seed))], `picture.${format}`);

test('a file is uploaded, its job followed to its end, and the result read', async () => {
  await using client = radiographClient(system.url);
  const files = [await file('jpeg', 501), new File(['no picture'], 'notes.txt'), await file('png', 502)];
  const { jobs, userErrors } = await client.upload(files, { patientId: '7', priority: 'STAT' });
  expect(jobs).toHaveLength(2);
  expect(userErrors).toMatchObject([{ code: 'UNSUPPORTED_IMAGE', field: ['input', 'files', '1'] }]);
  for (const [index, { id }] of jobs.entries()) {
    const statuses = [];
    for await (const status of client.follow(id)) statuses.push(status);
    const last = statuses.at(-1);
    expect(last).toMatchObject({ id, state: 'SUCCEEDED', progress: 1, error: null });
    const reading = await client.read(last?.radiograph?.id ?? '', { colormap: 'OCEAN', finding: 'NORMAL' });
    expect(reading).toMatchObject({
      format: index === 0 ? 'JPEG' : 'PNG',
      classification: { decision: 'INDETERMINATE', model: { name: 'covid19' } },
      heatmap: { finding: { code: 'NORMAL' } },
      patient: { id: '7', icuRisk: { probability: expect.any(Number) } },
    });
    const bytes = await (await client.picture(reading?.heatmap?.image.url ?? '')).arrayBuffer();
    expect((await sharp(bytes).metadata()).width).toBe(300);
  }
});

test('submit and classify do the whole in one call, and say why they cannot', async () => {
  await using client = radiographClient(`${system.url}/`);
  const submitted = await client.submit(await file('png', 503), { patientId: '8', opacity: 1 });
  const classified = await client.classify(await file('png', 503), { patientId: '8', opacity: 1 });
  expect(classified.classification?.findings).toEqual(submitted.classification?.findings);
  expect(classified.patient?.icuRisk?.probability).toBe(submitted.patient?.icuRisk?.probability);
  const text = new File(['no picture'], 'notes.txt');
  for (const send of [client.submit, client.classify])
    await expect(send(text)).rejects.toMatchObject({ name: 'RadiographFault', code: 'UNSUPPORTED_IMAGE' });
  const torn = new File([new Uint8Array((await picture('jpeg', 504)).subarray(0, 900))], 'torn.jpg');
  await expect(client.submit(torn)).rejects.toMatchObject({ code: 'UNSUPPORTED_IMAGE' });
  expect(await client.read('nobody')).toBeNull();
  await expect(client.picture('/files/nobody')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(client.follow('nobody').next()).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('a connection that breaks is opened again, and nothing of the job is missed', async () => {
  let broken = 0;
  const proxy = createServer((client) => {
    const server = connect(Number(new URL(system.url).port), '127.0.0.1');
    for (const end of [client, server]) end.on('error', () => undefined);
    // Any connection may become a socket: clients keep them.
    client.on('data', (bytes) => {
      if (!/upgrade: websocket/i.test(bytes.toString('latin1'))) return void server.write(bytes);
      if (++broken < 2) client.destroy();
      else server.write(bytes);
    });
    client.on('close', () => server.destroy());
    server.pipe(client);
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  try {
    await using client = radiographClient(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
    const reading = await client.submit(await file('jpeg', 506));
    expect(reading.classification?.findings).toHaveLength(3);
    expect(broken).toBe(2);
  } finally {
    proxy.close();
  }
});

test('a token goes with each request, upload and subscription', async () => {
  await using provider = await startIdentityProvider();
  await using guarded = await startSystem({ gateway: provider.settings });
  const scope = 'radiograph:write radiograph:read patient:read';
  await using known = radiographClient(guarded.url, { token: () => provider.token({ scope }) });
  expect(await known.submit(await file('jpeg', 505), { patientId: '7' })).toMatchObject({
    patient: { icuRisk: { probability: expect.any(Number) } },
  });
  await using unknown = radiographClient(guarded.url);
  await expect(unknown.submit(await file('jpeg', 505))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  await expect(unknown.follow('1').next()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
});

test('the example runs as the page of the client says', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'radiograph-client-'));
  try {
    const env = { ...process.env, NODE_ENV: '', RADIOGRAPH_URL: system.url };
    const { stdout } = await promisify(execFile)(process.execPath, [EXAMPLE], { cwd: folder, env });
    expect(stdout).toMatch(/SUCCEEDED 100 %[\s\S]*decision: \w+\n {2}ICU risk: [\d.]+ %\n {2}heatmap: /);
    expect(stdout).toContain('Not for clinical use.');
    expect(readdirSync(folder)).toHaveLength(1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
