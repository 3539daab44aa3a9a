/** What a scenario tells, before it is written as HTML and Markdown. */
export type Report = {
  /** Names the files. */
  readonly name: string;
  readonly title: string;
  /** What was done, in sentences. */
  readonly about: readonly string[];
  readonly targets: readonly Target[];
  readonly tables: readonly Table[];
  readonly plots: readonly Plot[];
};

/** Something that was to be reached, and whether it was. */
export type Target = {
  readonly what: string;
  readonly wanted: string;
  readonly got: string;
  readonly met: boolean;
};

export type Table = {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
};

export type Plot = LinePlot | BarPlot;

export type LinePlot = {
  readonly kind: 'lines';
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly series: readonly Series[];
  /** Moments to mark on the x axis. */
  readonly marks?: readonly { readonly at: number; readonly what: string }[];
};
export type Series = { readonly name: string; readonly points: readonly (readonly [x: number, y: number])[] };

export type BarPlot = {
  readonly kind: 'bars';
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly labels: readonly string[];
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[];
};
