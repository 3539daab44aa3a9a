import { closedLoop, forSeconds, upTo } from '../load/closed-loop.ts';
import { measure } from '../measure.ts';
import { loadPlots, loadTables, processPlots, queuePlots } from '../report/plots-of.ts';
import { classifyWithHeatmap } from './answers.ts';
import type { Scenario } from './scenario.ts';

const WARM_UP_SECONDS = 5;

/** Clients that each send a radiograph and wait for classification and heatmap: first unknown ones, then those again. */
export const classifyLoop: Scenario = async ({
  options: { clients, seconds },
  radiographs,
  system: open,
  client: of,
}) => {
  const system = await open();
  const client = of(system);
  const sent: Buffer[] = [];
  const fresh = async () => {
    const picture = radiographs.next();
    sent.push(picture);
    await classifyWithHeatmap(client, picture);
  };
  await closedLoop(clients, forSeconds(WARM_UP_SECONDS), async () => {
    await classifyWithHeatmap(client, radiographs.next());
  });
  const cold = await measure('cold', system, () => closedLoop(clients, forSeconds(seconds), fresh));
  const warm = await measure('warm', system, () =>
    closedLoop(clients, upTo(sent.length), async (index) => {
      await classifyWithHeatmap(client, sent[index] as Buffer);
    }),
  );
  return {
    name: 'classify',
    title: 'Upload to classification and heatmap',
    about: [
      `${clients} clients, each of which sends one multipart mutation radiographClassify, fetches the heatmap's bytes and begins again. Cold: radiographs that nobody has seen, for ${seconds} s. Warm: the same ones once more.`,
      `Radiographs: ${radiographs.what}.`,
    ],
    targets: [],
    tables: loadTables([cold, warm]),
    plots: [...loadPlots([cold, warm]), ...processPlots(cold), ...queuePlots(cold)],
  };
};
