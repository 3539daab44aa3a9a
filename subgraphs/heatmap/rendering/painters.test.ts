import { availableParallelism } from 'node:os';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { colourTable } from '../domain/colormaps.ts';
import { bandsOf, mixturesOf, overlay } from '../domain/overlay.ts';
import { type Painters, startPainters } from './painters.ts';

const map = { width: 2, height: 2, values: Float32Array.of(0, 1, 2, 3) };
const shared = (bytes: number) => Buffer.from(new SharedArrayBuffer(bytes));

function aPainting(width: number, height: number) {
  const grey = shared(width * height).map((_, i) => (i * 7) % 256);
  return { grey, width, map, colormap: 'TURBO' as const, opacity: 0.4 };
}

async function paint(painters: Painters, painting: ReturnType<typeof aPainting>, picture: Uint8Array) {
  const bands = bandsOf(painting.grey.length / painting.width, painters.count, 4);
  const painted = await Promise.allSettled(bands.map((band) => painters.paint({ picture, painting, band })));
  for (const band of painted) if (band.status === 'rejected') throw band.reason;
}

function paintedAtOnce(painting: ReturnType<typeof aPainting>) {
  const picture = Buffer.alloc(painting.grey.length * 3);
  const band = { from: 0, to: painting.grey.length / painting.width };
  const mixtures = mixturesOf(colourTable(painting.colormap), painting.opacity);
  overlay({ ...painting, mixtures }, picture, band);
  return picture;
}

function aLog() {
  const lines: string[] = [];
  return { lines, logger: pino({ base: null }, { write: (line) => void lines.push(JSON.parse(line).msg) }) };
}

test('the threads paint what one pass paints, pictures side by side too', async () => {
  await using painters = startPainters(aLog().logger);
  const paintings = [aPainting(37, 101), aPainting(64, 1), aPainting(5, 250)];
  const pictures = paintings.map(({ grey }) => shared(grey.length * 3));
  await Promise.all(paintings.map((painting, i) => paint(painters, painting, pictures[i] as Buffer)));
  for (const [i, painting] of paintings.entries())
    expect(paintedAtOnce(painting).equals(pictures[i] as Buffer)).toBe(true);
});

test('threads that die fail the pictures they had, are logged and replaced', async () => {
  const { lines, logger } = aLog();
  await using painters = startPainters(logger);
  const painting = aPainting(16, 20);
  const picture = shared(painting.grey.length * 3);
  const deadly = { ...painting, map: undefined as never };
  const lost = await Promise.allSettled([
    paint(painters, deadly, picture),
    paint(painters, painting, picture),
    paint(painters, painting, picture),
  ]);
  for (const { status } of lost) expect(status).toBe('rejected');
  expect(lost[0]).toMatchObject({
    reason: { message: 'The painting thread died', cause: { name: 'TypeError' } },
  });
  expect(lines).toEqual(
    Array.from({ length: Math.min(4, availableParallelism()) }, () => 'a painting thread died'),
  );
  await paint(painters, painting, picture);
  expect(paintedAtOnce(painting).equals(picture)).toBe(true);
});

test('the end of the threads fails what they had not painted, and is no death', async () => {
  const { lines, logger } = aLog();
  const painters = startPainters(logger);
  const painting = aPainting(16, 20);
  const unpainted = expect(paint(painters, painting, shared(painting.grey.length * 3))).rejects.toThrow(
    'died',
  );
  await painters[Symbol.asyncDispose]();
  await unpainted;
  await expect(paint(painters, painting, shared(1))).rejects.toThrow('have ended');
  expect(lines).toEqual([]);
});
