import { setTimeout } from 'node:timers/promises';
import { RadiographError } from '#common/errors.ts';
import type { IcuModelVersion, IcuTraining } from '../../domain/icu-model.ts';
import { checkTrainingName } from '../../domain/training-name.ts';
import { numberOf, type Row } from './atelier-answer.ts';
import { IrisFault } from './iris-fault.ts';
import type { IrisSql } from './iris-sql.ts';
import type { modelStatements } from './statements.ts';

/** Six times what the training may compute; a run that IRIS has listed for longer was cut off. */
const DEADLINE_MS = 30 * 60_000;
/** A run is not listed at first; one that never comes was not begun. */
const APPEARS_WITHIN_MS = 2 * 60_000;
const LISTED_WITHIN_MS = 3_000;
const LIST_AGAIN_MS = 100;

/** The run that this process began last, and what came back: nothing yet, the end, a refusal, or no answer, which
 *  says nothing about the training itself. */
type Begun = {
  readonly id: string;
  readonly at: number;
  reply: 'waiting' | 'ended' | 'lost' | IrisFault;
};

export type IrisTraining = {
  /** @throws RadiographError OVERLOADED while another one runs */
  train(id: string): Promise<IcuTraining>;
  training(id: string): Promise<IcuTraining | null>;
};

/** Trainings by name. Their state is read from IRIS, so it survives a restart of either side; a statement whose answer
 *  was lost is never sent again: its run is looked for by name.
 *  @param trained is told when a new version may answer */
export function irisTraining(
  sql: IrisSql,
  model: string,
  statements: ReturnType<typeof modelStatements>,
  versionOf: (trained: string) => IcuModelVersion,
  trained: () => void,
  now: () => number,
): IrisTraining {
  let begun: Begun | undefined;
  let starting: Promise<unknown> = Promise.resolve();
  const nameOf = (id: string) => `${model}_${id}`;
  // IRIS tells names apart without regard to case and may return another one; ids are of small letters alone.
  const isNamed = (name: unknown, id: string) =>
    String(name).toLowerCase() === `${model.toLowerCase()}_${id}`;

  const begin = (id: string): Begun => {
    const run: Begun = { id, at: now(), reply: 'waiting' };
    begun = run;
    void sql
      .administer(statements.train(nameOf(id)), DEADLINE_MS)
      .then(
        () => 'ended' as const,
        (error: unknown) => (error instanceof IrisFault && !error.outcomeUnknown ? error : 'lost'),
      )
      .then((reply) => {
        run.reply = reply;
        trained();
      });
    return run;
  };

  const succeeded = (id: string): IcuTraining => {
    trained();
    return { id, state: 'SUCCEEDED', model: versionOf(nameOf(id)), error: null };
  };

  const training = async (id: string): Promise<IcuTraining | null> => {
    const row = (await sql.query(statements.runs)).find((one) => isNamed(one.get('run'), id));
    const mine = begun?.id === id ? begun : undefined;
    const state = row && stateOf(row);
    if (state === 'SUCCEEDED') return succeeded(id);
    if (mine?.reply instanceof IrisFault) return failed(id, mine.reply.message);
    if (state === 'FAILED') return failed(id, 'The training failed in the ICU database');
    if (state === 'RUNNING') return running(id);
    if (state === 'LATE') return failed(id, 'The training did not end in time');
    const versions = await sql.query(statements.trained);
    if (versions.some((one) => isNamed(one.get('version'), id))) return succeeded(id);
    if (!mine) return null;
    const mayStillCome = mine.reply === 'waiting' || now() < mine.at + APPEARS_WITHIN_MS;
    if (mayStillCome) return running(id);
    return failed(id, 'The ICU database has no training of this name');
  };

  /** What IRIS lists survives the end of this process, so the caller is told no sooner, where that is possible. */
  const listed = async (run: Begun): Promise<IcuTraining> => {
    try {
      while (run.reply === 'waiting' && now() < run.at + LISTED_WITHIN_MS) {
        const rows = await sql.query(statements.runs);
        if (rows.some((row) => isNamed(row.get('run'), run.id))) break;
        await setTimeout(LIST_AGAIN_MS);
      }
      return (await training(run.id)) ?? running(run.id);
    } catch (error) {
      // It has been sent all the same.
      if (error instanceof IrisFault) return running(run.id);
      throw error;
    }
  };

  const trainAlone = async (id: string) => {
    const known = await training(id);
    if (known) return known;
    const last = begun && (await training(begun.id));
    const runs = await sql.query(statements.runs);
    if (last?.state === 'RUNNING' || runs.some((row) => stateOf(row) === 'RUNNING'))
      throw new RadiographError('OVERLOADED', 'Another training of the ICU model runs');
    return listed(begin(id));
  };

  return {
    training,
    async train(id) {
      checkTrainingName(id);
      // One after another, or two that come together would both find that none runs.
      const started = starting.then(() => trainAlone(id));
      starting = started.catch(() => undefined);
      return await started;
    },
  };
}

function stateOf(row: Row): 'RUNNING' | 'LATE' | 'SUCCEEDED' | 'FAILED' {
  const status = String(row.get('runstatus')).toLowerCase();
  if (status === 'completed') return 'SUCCEEDED';
  if (/^(failed|cancell?ed|terminated)/.test(status)) return 'FAILED';
  return (numberOf(row.get('ageseconds')) ?? 0) * 1_000 > DEADLINE_MS ? 'LATE' : 'RUNNING';
}

function running(id: string): IcuTraining {
  return { id, state: 'RUNNING', model: null, error: null };
}

function failed(id: string, error: string): IcuTraining {
  return { id, state: 'FAILED', model: null, error };
}
