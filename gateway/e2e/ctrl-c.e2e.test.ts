import { once } from 'node:events';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { isAlive, startInstallation } from './installation.ts';
import { picture } from './system.ts';

const SERVICES = ['serving', 'imaging', 'heatmap', 'icu', 'gateway'];
const READ = `mutation ($file: Upload!) { radiographClassify(input: { file: $file, patientId: "7" }) {
  radiograph { classification { finding { code } } heatmap { image { url } } patient { icuRisk { probability } } } } }`;

/** A request that every service has a part in. It is under way, its last bytes are not sent yet, when this resolves. */
async function halfSent(url: string, seed: number) {
  const form = new FormData();
  form.set('operations', JSON.stringify({ query: READ, variables: { file: null } }));
  form.set('map', JSON.stringify({ 0: ['variables.file'] }));
  form.set('0', new Blob([new Uint8Array(await picture('png', seed))]), 'radiograph.png');
  const multipart = new Response(form);
  const body = Buffer.from(await multipart.arrayBuffer());
  const sending = request(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': String(multipart.headers.get('content-type')),
      'content-length': body.length,
      'apollo-require-preflight': '1',
      // The gateway says that it has begun with the request.
      expect: '100-continue',
    },
  });
  const answered = once(sending, 'response').then(async ([response]) => JSON.parse(await text(response)));
  sending.flushHeaders();
  await once(sending, 'continue');
  sending.write(body.subarray(0, -20));
  return {
    answered,
    end: () => sending.end(body.subarray(-20)),
  };
}

/** What Ctrl-C does in a terminal: every process of the group hears it. */
const ctrlC = (pid: number | undefined) => process.kill(-Number(pid), 'SIGINT');

test('Ctrl-C breaks no request that is under way, also where it comes twice at once', {
  timeout: 60_000,
}, async () => {
  await using system = await startInstallation({}, undefined, true);
  const pids = SERVICES.map((service) => system.pid(service));
  const requests = await Promise.all([1, 2, 3, 4].map((seed) => halfSent(system.url, 900 + seed)));
  const draining = system.line('"msg":"draining"');
  const gatewayDrains = system.line('gateway drains');
  ctrlC(system.supervisor.pid);
  // As npm does with some shells.
  system.supervisor.kill('SIGINT');
  await Promise.all([draining, gatewayDrains]);
  for (const { end } of requests) end();
  for (const { answered } of requests)
    expect(await answered).toEqual({
      data: {
        radiographClassify: {
          radiograph: {
            classification: { finding: { code: expect.any(String) } },
            heatmap: { image: { url: expect.any(String) } },
            patient: { icuRisk: { probability: expect.any(Number) } },
          },
        },
      },
    });
  expect(await once(system.supervisor, 'close')).toEqual([0, null]);
  expect(pids.filter(isAlive)).toEqual([]);
});

test('a later Ctrl-C ends every process at once', { timeout: 60_000 }, async () => {
  await using system = await startInstallation({}, undefined, true);
  const pids = SERVICES.map((service) => system.pid(service));
  // It does not hear that it should drain.
  process.kill(system.pid('gateway'), 'SIGSTOP');
  const ended = once(system.supervisor, 'close');
  const draining = system.line('"msg":"draining"');
  ctrlC(system.supervisor.pid);
  await draining;
  let code: number | null | undefined;
  void ended.then(([is]) => {
    code = is;
  });
  const again = () => {
    if (code === undefined) ctrlC(system.supervisor.pid);
    return code;
  };
  await expect.poll(again, { timeout: 15_000, interval: 100 }).toBe(1);
  await expect.poll(() => pids.filter(isAlive), { timeout: 5_000 }).toEqual([]);
});
