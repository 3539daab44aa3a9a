import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freePort } from '#common/testing/programs.ts';
import { haproxyServer } from '../chaos/haproxy.ts';
import { orchestrate } from '../chaos/orchestrated.ts';
import { pictures } from '../chaos/seeded.ts';
import { startSystem } from '../system.ts';
import { followByEvents, followByWebSocket, openWard, startLoad, submit } from './rolling-restart.ts';

if (!haproxyServer) console.warn('SKIPPED: a rolling restart, for want of haproxy (Debian package haproxy)');

const JOBS = 4;
const IMAGE_SEED = 11;
/** Who waits for the model server while it is held must not give up, and try again half a minute later. */
const PATIENT = {
  folder: join(import.meta.dirname, '../../../serving/models'),
  name: 'covid19',
  settings: { TF_SERVING_DEADLINE_MS: 'embedded=60000' },
};

test.skipIf(!haproxyServer)(
  'three gateways are restarted one after another under load, and no request fails',
  { timeout: 240_000 },
  async () => {
    await using stack = new AsyncDisposableStack();
    const [grpc, rest] = await Promise.all([freePort(), freePort()]);
    const serving = stack.use(
      orchestrate({
        name: 'serving',
        command: ['serving/main.ts'],
        env: { SERVING_GRPC_PORT: String(grpc), SERVING_REST_PORT: String(rest), SERVING_WORKERS: '1' },
        readyUrl: `http://127.0.0.1:${rest}/readyz`,
      }),
    );
    await serving.ready();
    const system = stack.use(await startSystem({ servingAddress: `127.0.0.1:${grpc}`, models: PATIENT }));
    const { gateways, proxy } = await openWard(system, stack);
    const [common = Buffer.alloc(0), ...images] = await pictures(1 + JOBS * gateways.length, IMAGE_SEED);
    // Read once, it ends without the model server from now on.
    expect(await followByEvents(proxy.url, await submit(proxy.url, common)).last).toBe('SUCCEEDED');

    const load = startLoad(proxy.url, common);
    let reconnected = 0;
    for (const [i, gateway] of gateways.entries()) {
      // No job ends before its followers have seen a gateway go.
      serving.hold();
      const jobs = await Promise.all(
        images.slice(i * JOBS, (i + 1) * JOBS).map((image) => submit(proxy.url, image)),
      );
      const followers = jobs.flatMap((id) => [
        ...[1, 2, 3].map(() => followByWebSocket(proxy.url, id)),
        ...[1, 2, 3].map(() => followByEvents(proxy.url, id)),
      ]);
      await Promise.all(followers.map(({ begun }) => begun));
      expect(await gateway.terminate()).toBe(0);
      serving.resume();
      const last = await Promise.all(followers.map((one) => one.last));
      expect(last.filter((state) => state !== 'SUCCEEDED')).toEqual([]);
      reconnected += followers.filter(({ connections }) => connections() > 1).length;
      gateway.back();
      await gateway.ready();
      await proxy.uses('gateways', gateways.length);
    }
    await load.end();

    expect(load.failures).toEqual([]);
    // Otherwise nothing was tested.
    for (const [what, count] of Object.entries(load.done)) expect(count, what).toBeGreaterThan(50);
    expect(reconnected).toBeGreaterThan(gateways.length);
    expect(gateways.flatMap(({ crashes }) => crashes)).toEqual([]);
    const answers = proxy.lines.filter((line) => line.includes('"frontend":"edge"'));
    expect(answers.length).toBeGreaterThan(load.done.queries + load.done.uploads);
    expect(answers.filter((line) => /"status":(5\d\d|-1)/.test(line))).toEqual([]);
  },
);
