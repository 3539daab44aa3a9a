import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { phantomPng } from './phantom.ts';

// Writes the sample picture of the page and the demo; a test compares it with the drawing.
writeFileSync(join(import.meta.dirname, 'public/phantom.png'), await phantomPng());
