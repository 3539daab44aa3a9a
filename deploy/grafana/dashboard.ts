/** A curve, and what its legend says of it. */
export type Curve = readonly [expr: string, legend: string];

export type Panel = {
  readonly title: string;
  /** A unit of Grafana. */
  readonly unit: 's' | 'reqps' | 'percentunit' | 'short' | 'bytes' | 'ops';
  readonly curves: readonly Curve[];
  /** What the reader should know. */
  readonly about?: string;
};

export type Dashboard = {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
};

const DATASOURCE = { type: 'prometheus', uid: 'prometheus' };
const [WIDTH, HEIGHT, COLUMNS] = [12, 8, 2];

/** The dashboard in Grafana's own form. */
export function grafanaJson({ uid, title, panels }: Dashboard): string {
  const json = {
    uid: `radiograph-${uid}`,
    title: `Radiograph: ${title}`,
    tags: ['radiograph'],
    description: 'Not for clinical use.',
    schemaVersion: 39,
    editable: false,
    timezone: 'browser',
    time: { from: 'now-1h', to: 'now' },
    refresh: '30s',
    panels: panels.map(({ title: heading, unit, curves, about }, index) => ({
      id: index + 1,
      type: 'timeseries',
      title: heading,
      ...(about && { description: about }),
      datasource: DATASOURCE,
      gridPos: {
        ...{ h: HEIGHT, w: WIDTH },
        ...{ x: (index % COLUMNS) * WIDTH, y: Math.trunc(index / COLUMNS) * HEIGHT },
      },
      fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
      options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi' } },
      targets: curves.map(([expr, legendFormat], place) => ({
        refId: String.fromCharCode('A'.charCodeAt(0) + place),
        datasource: DATASOURCE,
        expr,
        legendFormat,
      })),
    })),
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}
