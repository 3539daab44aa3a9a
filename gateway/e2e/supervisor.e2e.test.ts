import { once } from 'node:events';
import { createClient } from 'graphql-ws';
import { expect, test } from 'vitest';
import WebSocket from 'ws';
import { type Installation, isAlive, startInstallation } from './installation.ts';
import { ask, picture, upload } from './system.ts';

const SERVICES = ['serving', 'imaging', 'heatmap', 'icu', 'gateway'];
const UPLOAD = `mutation ($files: [Upload!]!) {
  radiographUpload(input: { files: $files, patientId: "7" }) { jobs { id } userErrors { code } } }`;
const READING = `state error { code } radiograph { classification { finding { code } } heatmap { image { url } }
  patient { icuRisk { probability } } }`;

type Uploaded = { radiographUpload: { jobs: { id: string }[] } };

/** The first answer: while a process is being started again an upload may be refused, never half taken. */
async function uploaded(url: string, seed: number): Promise<string> {
  const files = [await picture('jpeg', seed)];
  let id: string | undefined;
  await expect
    .poll(
      async () => {
        const answer = await upload(url, UPLOAD, files).catch(() => undefined);
        id = (answer?.data as Uploaded | null | undefined)?.radiographUpload?.jobs[0]?.id;
        return id;
      },
      { timeout: 15_000 },
    )
    .toBeTypeOf('string');
  return String(id);
}

async function expectWhole(url: string, id: string): Promise<void> {
  const query = `query ($id: ID!) { job(id: $id) { ${READING} } }`;
  await expect
    .poll(() => ask(url, query, { id }).catch(() => undefined), { timeout: 20_000, interval: 100 })
    .toMatchObject({
      data: {
        job: {
          state: 'SUCCEEDED',
          radiograph: {
            classification: { finding: { code: expect.any(String) } },
            heatmap: { image: { url: expect.stringContaining('/files/') } },
            patient: { icuRisk: { probability: expect.any(Number) } },
          },
        },
      },
    });
}

async function killAndWait(system: Installation, service: string): Promise<void> {
  const before = system.pid(service);
  const ended = system.line('ended unasked');
  const again = system.line('"msg":"started"');
  process.kill(before, 'SIGKILL');
  await ended;
  await again;
  expect(system.pid(service)).not.toBe(before);
}

test('each process may be killed in turn: work goes on, and nothing that was taken is lost', {
  timeout: 120_000,
}, async () => {
  await using system = await startInstallation();
  const taken = [await uploaded(system.url, 100)];
  for (const [index, service] of SERVICES.entries()) {
    const [id] = await Promise.all([uploaded(system.url, 101 + index), killAndWait(system, service)]);
    taken.push(id);
    await expectWhole(system.url, await uploaded(system.url, 200 + index));
  }
  for (const id of taken) await expectWhole(system.url, id);
});

test('a live subscription goes on when imaging is killed under it', { timeout: 60_000 }, async () => {
  await using system = await startInstallation();
  // Without a model server the job waits and tries again: there is time to kill.
  process.kill(system.pid('serving'), 'SIGSTOP');
  const id = await uploaded(system.url, 300);
  const client = createClient({
    url: `${system.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
  });
  const states: string[] = [];
  const query = `subscription ($id: ID!) { jobStatus(id: $id) { ${READING} } }`;
  for await (const { data, errors } of client.iterate({ query, variables: { id } })) {
    expect(errors).toBeUndefined();
    states.push((data as { jobStatus: { state: string } }).jobStatus.state);
    if (states.length > 1) continue;
    await killAndWait(system, 'imaging');
    process.kill(system.pid('serving'), 'SIGCONT');
  }
  await client.dispose();
  expect(states.at(-1)).toBe('SUCCEEDED');
});

test('SIGTERM drains every process and ends with 0', async () => {
  await using system = await startInstallation();
  await uploaded(system.url, 400);
  const pids = SERVICES.map((service) => system.pid(service));
  let late = false;
  void system.line('did not drain').then(() => {
    late = true;
  });
  system.supervisor.kill('SIGTERM');
  // "close" comes after the last line was read, "exit" may come before.
  expect(await once(system.supervisor, 'close')).toEqual([0, null]);
  expect(pids.filter(isAlive)).toEqual([]);
  expect(late).toBe(false);
});

test('no process stays behind when the supervisor is killed', async () => {
  await using system = await startInstallation();
  const pids = SERVICES.map((service) => system.pid(service));
  system.supervisor.kill('SIGKILL');
  await expect.poll(() => pids.filter(isAlive), { timeout: 15_000 }).toEqual([]);
});
