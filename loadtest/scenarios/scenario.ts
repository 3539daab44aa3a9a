import type { GraphClient } from '../graph-client.ts';
import type { RadiographSource } from '../radiographs.ts';
import type { Report } from '../report/report.ts';
import type { Stack, StackOptions, System } from '../stack.ts';

export type LoadOptions = {
  readonly count: number;
  /** Arrivals a second; Infinity begins all at once. Absent where it was not said. */
  readonly rate: number | undefined;
  readonly clients: number;
  /** Of one measurement. */
  readonly seconds: number;
  readonly rounds: number;
  readonly minutes: number;
  /** Path of the ONNX file that the floor runs. */
  readonly model: string;
};

export type Scenario = (setting: Setting) => Promise<Report>;

export type OwnStack = Pick<StackOptions, 'pools' | 'modelServers' | 'cacheUrl' | 'env'>;

export type Setting = {
  readonly options: LoadOptions;
  readonly radiographs: RadiographSource;
  /** The running system that was named, or one of this run's own; what is opened is put away at the end. */
  readonly system: () => Promise<System>;
  /** One of this run's own in any case. */
  readonly stack: (options: OwnStack) => Promise<Stack>;
  readonly client: (system: System) => GraphClient;
};
