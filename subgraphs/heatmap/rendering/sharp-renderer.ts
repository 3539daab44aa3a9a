import { createHash } from 'node:crypto';
import { BulkheadRejectedError, bulkhead } from 'cockatiel';
import { LRUCache } from 'lru-cache';
import sharp from 'sharp';
import type { KeptBlobStore } from '#common/blob-store.ts';
import { RadiographError } from '#common/errors.ts';
import { bound, traced } from '#common/request-scope.ts';
import { imageHeader, safeSharp } from '#common/safe-sharp.ts';
import { type Band, bandsOf } from '../domain/overlay.ts';
import type { HeatmapRenderer, HeatmapRequest, RenderedImage } from '../domain/rendering.ts';
import { BLOCK, joinBands } from './jpeg-bands.ts';
import type { Painters } from './painters.ts';
import type { RenderingMetrics } from './rendering-metrics.ts';
import { type ReusedBuffers, reusedBuffers } from './reused-buffers.ts';

/** Pictures drawn side by side, and those that may wait: a drawing takes up to 32 MiB. */
const DRAWING = 2;
const WAITING = 64;
const REMEMBERED = 5_000;
/** JPEG whatever the radiograph came as: a PNG of the same blend takes 6 times as long and 20 times the bytes. Full
 *  chroma, because the heat is nothing but colour; the usual Huffman tables, because all bands need the same. */
const JPEG = { quality: 85, chromaSubsampling: '4:4:4', optimiseCoding: false } as const;

/** The store keeps a picture for at least an hour after it was drawn, and a link to it lives for 30 minutes. */
const REMEMBERED_MS = 25 * 60_000;

/** Draws with sharp and keeps the pictures in the blob store, beside the radiograph's picture with which they go;
 *  equal requests are drawn once. */
export function sharpRenderer(
  blobs: KeptBlobStore,
  painters: Painters,
  metrics: RenderingMetrics,
): HeatmapRenderer {
  const drawing = bulkhead(DRAWING, WAITING);
  metrics.watch({ bulkhead: drawing, slots: DRAWING, queue: WAITING });
  const canvases = reusedBuffers();
  const drawn = sharedAnswers<RenderedImage>();
  const sizes = sharedAnswers<{ width: number; height: number }>();

  /** The drawings under way share the threads: more bands than there are cores for make no picture sooner, and each
   *  costs a twentieth of the drawing. */
  const bandsForOne = () => Math.max(1, Math.floor(painters.count / (DRAWING - drawing.executionSlots)));

  const draw = async (request: HeatmapRequest): Promise<RenderedImage> => {
    const key = pictureKey(request);
    const known = drawn.find(key);
    if (!known) {
      const started = drawing.execute(
        bound(async () => {
          const end = metrics.seconds.startTimer({ colormap: request.colormap });
          const span = { kind: 'internal' as const };
          const picture = await traced('draw heatmap', span, () =>
            drawOne(blobs, painters, canvases, request, bandsForOne),
          );
          end();
          return picture;
        }),
      );
      return drawn.keep(key, started.catch(refusal));
    }
    const picture = await known;
    if ((await blobs.storedAt(picture.address)) === undefined) {
      // The radiograph was deleted since, and came again. Those who find out at once share the next drawing.
      if (drawn.find(key) === known) drawn.forget(key);
      return draw(request);
    }
    metrics.reused.inc();
    return picture;
  };

  return {
    draw,
    size(imageAddress) {
      return sizes.find(imageAddress) ?? sizes.keep(imageAddress, sizeOf(blobs, imageAddress));
    },
  };
}

/** Names a picture by all that it is drawn from, the map's values included: two models, or two originals whose
 *  display pictures happen to be equal, never share one. */
function pictureKey({ imageAddress, map, colormap, opacity }: HeatmapRequest): string {
  const bytes = new Uint8Array(map.values.buffer, map.values.byteOffset, map.values.byteLength);
  const values = createHash('sha256').update(bytes).digest('base64url');
  return [imageAddress, map.width, map.height, values, colormap, opacity].join('|');
}

/** Answers by key, kept as promises so that equal requests under way share one. A failure is forgotten. */
function sharedAnswers<T extends object>() {
  const answers = new LRUCache<string, Promise<T>>({ max: REMEMBERED, ttl: REMEMBERED_MS });
  return {
    find: (key: string) => answers.get(key),
    forget: (key: string) => answers.delete(key),
    keep(key: string, answer: Promise<T>): Promise<T> {
      answers.set(key, answer);
      answer.catch(() => {
        if (answers.peek(key) === answer) answers.delete(key);
      });
      return answer;
    },
  };
}

function refusal(error: unknown): never {
  if (error instanceof BulkheadRejectedError)
    throw new RadiographError('OVERLOADED', 'Too many heatmaps are being drawn; try again later');
  throw error;
}

async function drawOne(
  blobs: KeptBlobStore,
  painters: Painters,
  canvases: ReusedBuffers,
  request: HeatmapRequest,
  mostBands: () => number,
): Promise<RenderedImage> {
  const encoded = await storedPicture(blobs, request.imageAddress);
  const { data, info } = await safeSharp(encoded, (grey) => grey.raw().toBuffer({ resolveWithObject: true }));
  const { width, height, channels } = info;
  if (channels !== 1) throw new Error(`Expected a grey picture, got ${channels} channels`);
  const file = await canvases.lend(data.length * 4, async (canvas) => {
    const picture = canvas.subarray(0, data.length * 3);
    const grey = canvas.subarray(data.length * 3);
    grey.set(data);
    const { map, colormap, opacity } = request;
    const painting = { grey, width, map, colormap, opacity };
    const bands = await Promise.allSettled(
      bandsOf(height, mostBands(), BLOCK).map(async (band) => {
        await painters.paint({ picture, painting, band });
        return encodeBand(picture, width, band);
      }),
    );
    // The canvas goes to the next picture: nobody may be at it any more.
    return joinBands(bands.map(fulfilled));
  });
  const { address, bytes } = await blobs.put([file], request.imageAddress);
  // Whoever deleted the radiograph meanwhile has not seen this picture.
  if ((await blobs.storedAt(request.imageAddress)) === undefined) {
    await blobs.delete(address);
    throw gone();
  }
  return { address, bytes, mediaType: 'image/jpeg', width, height };
}

function encodeBand(picture: Buffer, width: number, { from, to }: Band): Promise<Buffer> {
  const rows = picture.subarray(from * width * 3, to * width * 3);
  return sharp(rows, { raw: { width, height: to - from, channels: 3 } })
    .jpeg(JPEG)
    .toBuffer();
}

function fulfilled<T>(settled: PromiseSettledResult<T>): T {
  if (settled.status === 'rejected') throw settled.reason;
  return settled.value;
}

async function sizeOf(
  blobs: KeptBlobStore,
  imageAddress: string,
): Promise<{ width: number; height: number }> {
  const { width, height } = await imageHeader(await storedPicture(blobs, imageAddress));
  return { width, height };
}

async function storedPicture(blobs: KeptBlobStore, address: string): Promise<Buffer> {
  const encoded = await blobs.get(address);
  if (!encoded) throw gone();
  return encoded;
}

const gone = () => new RadiographError('NOT_FOUND', 'The picture of this radiograph is gone');
