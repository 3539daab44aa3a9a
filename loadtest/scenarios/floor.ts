import { openFloor } from '../floor/floor.ts';
import { closedLoop, forSeconds } from '../load/closed-loop.ts';
import { evenly, openLoop } from '../load/open-loop.ts';
import { measure } from '../measure.ts';
import { loadPlots, loadTables, processPlots } from '../report/plots-of.ts';
import type { Scenario } from './scenario.ts';

export const FLOOR_DOES =
  'in one process, a thread for each core with three images under way: decode, grey JPEG for display, 256 × 256 input, forward pass, Grad-CAM drawn over the picture as JPEG; no network, no storage';

const WARM_UP_SECONDS = 3;

/** The work itself on all cores, with nothing around it. */
export const floorAlone: Scenario = async ({ options: { model, seconds }, radiographs }) => {
  await using floor = await openFloor(model);
  const work = async () => void (await floor.read(radiographs.next()));
  const nobody = { services: new Map<string, string>() };
  await closedLoop(floor.lanes, forSeconds(WARM_UP_SECONDS), work);
  const runs = [
    await measure('pressed', nobody, () => closedLoop(floor.lanes, forSeconds(seconds), work)),
    await measure('1 a second', nobody, () => openLoop(Math.ceil(seconds), 1, work, evenly)),
  ];
  return {
    name: 'floor',
    title: 'The work alone',
    about: [`What one machine can do at most: ${FLOOR_DOES}. Radiographs: ${radiographs.what}.`],
    targets: [],
    tables: loadTables(runs),
    plots: [...loadPlots(runs), ...runs.slice(0, 1).flatMap(processPlots)],
  };
};
