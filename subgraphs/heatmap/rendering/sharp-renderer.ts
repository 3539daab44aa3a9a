import { BulkheadRejectedError, bulkhead } from 'cockatiel';
import { LRUCache } from 'lru-cache';
import type { Histogram } from 'prom-client';
import sharp from 'sharp';
import type { BlobStore } from '#common/blob-store.ts';
import { RadiographError } from '#common/errors.ts';
import { imageHeader, safeSharp } from '#common/safe-sharp.ts';
import { blend } from '../domain/blend.ts';
import { colourTable } from '../domain/colormaps.ts';
import type { HeatmapRenderer, HeatmapRequest, RenderedImage } from '../domain/rendering.ts';
import { upsample } from '../domain/upsample.ts';

/** Pictures drawn side by side, and those that may wait: a decoded one takes 16 MiB. */
const DRAWING = 2;
const WAITING = 256;
const REMEMBERED = 5_000;
const JPEG = { quality: 85, chromaSubsampling: '4:4:4' } as const;

/** Draws with sharp and keeps the pictures in the blob store; equal requests are drawn once. */
export function sharpRenderer(blobs: BlobStore, seconds: Histogram<'colormap'>): HeatmapRenderer {
  const drawing = bulkhead(DRAWING, WAITING);
  const drawn = new LRUCache<string, Promise<RenderedImage>>({ max: REMEMBERED });
  const sizes = new LRUCache<string, { width: number; height: number }>({ max: REMEMBERED });

  return {
    draw(request) {
      const { imageAddress, mapKey, colormap, opacity } = request;
      const key = [imageAddress, mapKey, colormap, opacity].join('|');
      const known = drawn.get(key);
      if (known) return known;
      const started = drawing.execute(async () => {
        const end = seconds.startTimer({ colormap });
        const picture = await drawOne(blobs, request);
        end();
        return picture;
      });
      const answer = started.catch((error: unknown) => {
        drawn.delete(key);
        if (error instanceof BulkheadRejectedError)
          throw new RadiographError('OVERLOADED', 'Too many heatmaps are being drawn; try again later');
        throw error;
      });
      drawn.set(key, answer);
      return answer;
    },
    async size(imageAddress) {
      const known = sizes.get(imageAddress);
      if (known) return known;
      const { width, height } = await imageHeader(await storedPicture(blobs, imageAddress));
      sizes.set(imageAddress, { width, height });
      return { width, height };
    },
  };
}

async function drawOne(blobs: BlobStore, request: HeatmapRequest): Promise<RenderedImage> {
  const encoded = await storedPicture(blobs, request.imageAddress);
  const { data, info } = await safeSharp(encoded, (grey) => grey.raw().toBuffer({ resolveWithObject: true }));
  const { width, height } = info;
  const heat = upsample(request.map, width, height);
  const picture = blend(data, heat, colourTable(request.colormap), request.opacity);
  const file = await sharp(picture, { raw: { width, height, channels: 3 } })
    .jpeg(JPEG)
    .toBuffer();
  const { address, bytes } = await blobs.put([file]);
  return { address, bytes, mediaType: 'image/jpeg', width, height };
}

async function storedPicture(blobs: BlobStore, address: string): Promise<Buffer> {
  const encoded = await blobs.get(address);
  if (!encoded) throw new RadiographError('NOT_FOUND', 'The picture of this radiograph is gone');
  return encoded;
}
