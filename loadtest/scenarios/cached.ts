import { median } from '../load/attempt.ts';
import { closedLoop, forSeconds } from '../load/closed-loop.ts';
import { type Measured, measure } from '../measure.ts';
import { loadPlots, loadTables, processPlots } from '../report/plots-of.ts';
import { classify } from './answers.ts';
import type { Scenario } from './scenario.ts';

const LEAST_SHARE = 0.6;
const WARM_UP_SECONDS = 3;
const RADIOGRAPHS = 20;

const QUERIES = {
  trivial: 'query Trivial($id: ID!) { radiograph(id: $id) { id } }',
  classification:
    'query Classification($id: ID!) { radiograph(id: $id) { classification { finding { code probability } decision } } }',
};

/** A classification that is known already, asked for beside a trivial field of the same subgraph. */
export const cached: Scenario = async ({ options, radiographs, system: open, client: of }) => {
  const { clients, seconds, rounds } = options;
  const system = await open();
  const client = of(system);
  const ids: string[] = [];
  for (let i = 0; i < RADIOGRAPHS; i += 1) ids.push((await classify(client, radiographs.next())).id);
  const loop = (query: string, length: number) =>
    closedLoop(clients, forSeconds(length), async (index) => {
      await client.query(query, { id: ids[index % ids.length] });
    });
  const runs: Measured[] = [];
  for (const query of Object.values(QUERIES)) await loop(query, WARM_UP_SECONDS);
  for (let round = 0; round < rounds; round += 1) {
    const order = Object.entries(QUERIES);
    for (const [name, query] of round % 2 === 0 ? order : order.toReversed())
      runs.push(await measure(`${name}, ${round + 1}`, system, () => loop(query, seconds)));
  }
  const rates = (name: string) =>
    runs.filter((run) => run.name.startsWith(name)).map(({ summary }) => summary.perSecond);
  const [trivial, known] = [median(rates('trivial')), median(rates('classification'))];
  return {
    name: 'cached',
    title: 'A known classification beside a trivial field',
    about: [
      `${clients} clients that each ask again when they are answered, ${rounds} rounds of ${seconds} s for each query, in turns; ${RADIOGRAPHS} radiographs that were classified before.`,
      ...Object.entries(QUERIES).map(([name, query]) => `${name}: ${query}`),
    ],
    targets: [
      {
        what: 'classifications a second beside trivial fields a second',
        wanted: `at least ${LEAST_SHARE} ×`,
        got: `${(known / trivial).toFixed(2)} × (${known.toFixed(0)} beside ${trivial.toFixed(0)})`,
        met: known / trivial >= LEAST_SHARE,
      },
    ],
    tables: loadTables(runs),
    plots: [...loadPlots(runs.slice(-2)), ...runs.slice(-1).flatMap(processPlots)],
  };
};
