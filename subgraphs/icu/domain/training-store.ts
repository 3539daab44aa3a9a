import type { TrainingCase } from './cohort.ts';

export type StoredTraining = {
  readonly id: string;
  readonly state: 'RUNNING' | 'SUCCEEDED' | 'FAILED';
  /** Number of the model that came of it. */
  readonly version: number | null;
  readonly error: string | null;
};

/** What an engine that trains here learns from and keeps. What a method has returned survives a crash. */
export interface TrainingStore<Model> {
  /** Of the cohort that was added to last, in the order in which they were added. */
  cases(): TrainingCase[];
  /** Ascending numbers of the models that are kept. */
  versions(): number[];
  model(version: number): Model;
  training(id: string): StoredTraining | undefined;
  /** @throws RadiographError OVERLOADED while another process writes for long */
  begin(id: string): Promise<void>;
  /** Stores the model as the next version and, where a training made it, ends that: both or neither. */
  keep(model: Model, trainingId?: string): Promise<number>;
  fail(id: string, error: string): Promise<void>;
  /** Ends every training that runs. */
  failAll(error: string): void;
}
