import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { phantomPng } from './phantom.ts';

// Writes the sample picture of the page and the demo, and a small one for forms; a test compares them with the drawing.
const png = await phantomPng();
writeFileSync(join(import.meta.dirname, 'public/phantom.png'), png);
await sharp(png)
  .resize(128)
  .jpeg({ quality: 60 })
  .toFile(join(import.meta.dirname, 'docs/sample.jpg'));
