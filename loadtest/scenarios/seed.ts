import type { GraphClient } from '../graph-client.ts';
import { faultCount } from '../load/attempt.ts';
import { closedLoop, upTo } from '../load/closed-loop.ts';
import { type Measured, measure } from '../measure.ts';
import { loadPlots, loadTables } from '../report/plots-of.ts';
import { growth } from '../watch/service-metrics.ts';
import { classify } from './answers.ts';
import type { Scenario } from './scenario.ts';

const CLIENTS = 8;
const EACH = 27;
const POSTS = CLIENTS * EACH;
const SECONDS_IN_2020 = 74.4;
const WARM_UPS = 10;

type Way = {
  readonly name: string;
  /** Writes what is sent, before the clock runs. */
  readonly prepared: (picture: Buffer) => string | Buffer;
  readonly send: (client: GraphClient, body: string | Buffer) => Promise<unknown>;
};

const WAYS: readonly Way[] = [
  {
    name: 'REST, base64',
    prepared: (picture) => new URLSearchParams({ b64: picture.toString('base64') }).toString(),
    send: (client, body) => client.post('/covid19/api/v1/predict/', body.toString()),
  },
  {
    name: 'GraphQL, multipart',
    prepared: (picture) => picture,
    send: (client, body) => classify(client, body as Buffer),
  },
];

/** The benchmark of 2020: 8 clients that post 27 radiographs each. There all sent the same 27; with 216 different ones
 *  nothing is known before, and sent once more all of them are. */
export const seed: Scenario = async ({ radiographs, system: open, client: of }) => {
  const system = await open();
  const client = of(system);
  const runs: Measured[] = [];
  for (const { name, prepared, send } of WAYS) {
    const some = (count: number) => Array.from({ length: count }, () => prepared(radiographs.next()));
    await Promise.all(some(WARM_UPS).map((body) => send(client, body)));
    const same = some(EACH);
    const different = some(POSTS);
    const posts = (bodies: readonly (string | Buffer)[]) =>
      closedLoop(CLIENTS, upTo(POSTS), async (index) => {
        // Client by client in the order of 2020: each goes through all that it has.
        await send(client, bodies[bodies.length === EACH ? Math.floor(index / CLIENTS) : index] as Buffer);
      });
    runs.push(await measure(`${name}: the same 27 for each client`, system, () => posts(same)));
    runs.push(await measure(`${name}: 216 different ones, cold`, system, () => posts(different)));
    runs.push(await measure(`${name}: those again, warm`, system, () => posts(different)));
  }
  return {
    name: 'seed',
    title: 'The benchmark of 2020, repeated',
    about: [
      `${CLIENTS} clients, ${EACH} radiographs each: ${POSTS} posts for a classification, by the REST contract of 2020 (base64 in a form) and by GraphQL (multipart). In 2020 it took ${SECONDS_IN_2020} s (${(POSTS / SECONDS_IN_2020).toFixed(1)} a second) on another machine, with a GPU.`,
      `When every client sends the same 27, 189 of the 216 are known already or under way: cold and warm are told apart by 216 different ones, sent twice. Radiographs: ${radiographs.what}.`,
    ],
    targets: [
      {
        what: `faults in ${runs.length * POSTS} posts`,
        wanted: 'none',
        got: String(runs.reduce((sum, { summary }) => sum + faultCount(summary), 0)),
        met: runs.every(({ summary }) => faultCount(summary) === 0),
      },
    ],
    tables: [
      {
        title: 'Beside 2020',
        columns: [
          'run',
          'seconds for 216',
          'images a second',
          'times as fast as 2020',
          'inferences',
          'from the cache',
        ],
        rows: runs.map(({ name, seconds, before, after }) => {
          const lookups = growth(
            before.get('imaging'),
            after.get('imaging'),
            'inference_cache_lookups_total',
            'outcome',
          );
          const inferred = growth(before.get('serving'), after.get('serving'), 'serving_batch_size_sum');
          return [
            name,
            seconds.toFixed(2),
            (POSTS / seconds).toFixed(1),
            (SECONDS_IN_2020 / seconds).toFixed(1),
            inferred.get('') ?? 0,
            lookups.get('hit') ?? 0,
          ];
        }),
      },
      ...loadTables(runs),
    ],
    plots: [
      {
        kind: 'bars',
        title: 'Seconds for 216 radiographs',
        x: 'way',
        y: 'seconds',
        labels: WAYS.map(({ name }) => name),
        series: ['the same 27 for each client', '216 different ones, cold', 'those again, warm'].map(
          (kind) => ({
            name: kind,
            values: WAYS.map(({ name }) => runs.find((run) => run.name === `${name}: ${kind}`)?.seconds ?? 0),
          }),
        ),
      },
      ...loadPlots(runs).slice(0, 1),
    ],
  };
};
