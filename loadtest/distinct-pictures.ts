import sharp from 'sharp';

/** Makes pictures that no cache has seen from one that is given: each has another number burnt into its corner.
 *  @returns JPEG files */
export async function distinctPictures(base: Buffer, count: number): Promise<Buffer[]> {
  const { data, info } = await sharp(base).toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });
  const salt = Date.now();
  return Promise.all(
    Array.from({ length: count }, (_, number) => {
      const pixels = Buffer.from(data);
      for (const [at, byte] of Buffer.from(`${salt}/${number}`).entries()) pixels[at] = byte;
      const raw = { width: info.width, height: info.height, channels: 1 as const };
      return sharp(pixels, { raw }).png({ compressionLevel: 1 }).toBuffer();
    }),
  );
}
