import { parentPort } from 'node:worker_threads';
import { type Colormap, colourTable } from '../domain/colormaps.ts';
import { type Band, mixturesOf, overlay, type Painting } from '../domain/overlay.ts';

/** A thread that paints bands one after the other and answers each with a message. Both pictures lie in shared
 *  memory. What it throws ends it. */
export type PaintRequest = {
  readonly picture: Uint8Array;
  readonly painting: Omit<Painting, 'mixtures'> & Mixed;
  readonly band: Band;
};

type Mixed = { readonly colormap: Colormap; readonly opacity: number };

const port = parentPort;
if (!port) throw new Error('paint-worker.ts runs in a worker thread only');

// Most pictures are of one colormap and opacity.
let last: (Mixed & { readonly mixtures: Uint32Array }) | undefined;

function mixturesFor({ colormap, opacity }: Mixed): Uint32Array {
  if (last?.colormap !== colormap || last.opacity !== opacity)
    last = { colormap, opacity, mixtures: mixturesOf(colourTable(colormap), opacity) };
  return last.mixtures;
}

port.on('message', ({ picture, painting, band }: PaintRequest) => {
  overlay({ ...painting, mixtures: mixturesFor(painting) }, picture, band);
  port.postMessage(undefined);
});
