import { parentPort } from 'node:worker_threads';
import { type Colormap, colourTable } from '../domain/colormaps.ts';
import { type Band, overlay, type Painting } from '../domain/overlay.ts';

/** A thread that paints bands one after the other and answers each with a message. Both pictures lie in shared
 *  memory. What it throws ends it. */
export type PaintRequest = {
  readonly picture: Uint8Array;
  readonly painting: Omit<Painting, 'table'> & { readonly colormap: Colormap };
  readonly band: Band;
};

const port = parentPort;
if (!port) throw new Error('paint-worker.ts runs in a worker thread only');

port.on('message', ({ picture, painting, band }: PaintRequest) => {
  overlay({ ...painting, table: colourTable(painting.colormap) }, picture, band);
  port.postMessage(undefined);
});
