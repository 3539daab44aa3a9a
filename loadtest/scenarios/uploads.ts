import { faultCount } from '../load/attempt.ts';
import { openLoop } from '../load/open-loop.ts';
import { type Measured, measure } from '../measure.ts';
import { loadPlots, loadTables, processPlots, queuePlots } from '../report/plots-of.ts';
import { uploadAndFollow } from './answers.ts';
import type { Scenario } from './scenario.ts';

const WARM_UPS = 5;
const USUAL_RATE = 20;

/** Radiographs that arrive at random, from the upload to the job's end by subscription: first unknown ones, then those
 *  again. */
export function uploads(name: 'uploads' | 'subscribe'): Scenario {
  const wantsBytes = name === 'subscribe';
  return async ({ options: { count, rate = USUAL_RATE }, radiographs, system: open, client: of }) => {
    const system = await open();
    const client = of(system);
    const pictures = Array.from({ length: count }, radiographs.next);
    const work = (picture: Buffer) => uploadAndFollow(client, picture, wantsBytes);
    await Promise.all(Array.from({ length: WARM_UPS }, () => work(radiographs.next())));
    const run = (temperature: string): Promise<Measured> =>
      measure(temperature, system, () => openLoop(count, rate, (index) => work(pictures[index] as Buffer)));
    const runs = [await run('cold'), await run('warm')];
    const faults = runs.reduce((sum, { summary }) => sum + faultCount(summary), 0);
    const arrivals = Number.isFinite(rate) ? `${rate} a second, Poisson` : 'all at once';
    return {
      name,
      title: 'Upload to the end of the job by subscription',
      about: [
        `${count} radiographs, ${arrivals}: the mutation radiographUpload, then the subscription jobStatus until the job has succeeded with classification and heatmap${wantsBytes ? ", then the heatmap's bytes" : ''}. Cold: radiographs that nobody has seen. Warm: the same ones once more.`,
        `Radiographs: ${radiographs.what}.`,
      ],
      targets: [
        {
          what: 'faults',
          wanted: 'none',
          got: String(faults),
          met: faults === 0,
        },
      ],
      tables: loadTables(runs),
      plots: [
        ...loadPlots(runs),
        ...runs.slice(0, 1).flatMap((one) => [...processPlots(one), ...queuePlots(one)]),
      ],
    };
  };
}
