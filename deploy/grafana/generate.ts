import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { grafanaJson } from './dashboard.ts';
import { DASHBOARDS } from './dashboards.ts';

// Writes deploy/grafana/dashboards/*.json: npm run dashboards
for (const dashboard of DASHBOARDS)
  writeFileSync(join(import.meta.dirname, 'dashboards', `${dashboard.uid}.json`), grafanaJson(dashboard));
