/** Rows of a block of a JPEG file: a band has a multiple of them, but for the last one. */
export const BLOCK = 8;

const SOI = 0xffd8;
const SOF0 = 0xffc0;
const SOS = 0xffda;
const DRI = 0xffdd;
const RST0 = 0xffd0;
const EOI = 0xffd9;
const RESTART_MARKERS = 8;
/** A restart interval is told in 16 bits. */
const MOST_BLOCKS = 0xffff;

/** Joins the bands of a picture, which were encoded side by side, into one JPEG file. A scan starts anew at each restart
 *  marker: nothing after it depends on what came before (ITU-T T.81, E.1.4 and F.1.1.5.1).
 *  @param bands baseline JPEG files of one width, from the top to the bottom, encoded with the same tables and without
 *    subsampling; all as high as the first, which is a multiple of 8 rows, but for the last, which may be lower
 *  @throws Error when they are no such bands */
export function joinBands(bands: readonly Buffer[]): Buffer {
  const [first, ...others] = bands.map(partsOf);
  if (!first) throw new Error('Expected a band');
  if (others.length === 0) return bands[0] as Buffer;
  const blocks = Math.ceil(first.width / BLOCK) * Math.ceil(first.height / BLOCK);
  const isWhole = others.every(({ height }, i) =>
    i < others.length - 1 ? height === first.height : height <= first.height,
  );
  if (!isWhole || first.height % BLOCK !== 0 || blocks > MOST_BLOCKS)
    throw new Error('The bands are too high, or of uneven height');
  const height = others.reduce((sum, band) => sum + band.height, first.height);
  const tables = first.headOf(height);
  if (!others.every(({ headOf }) => headOf(height).equals(tables)))
    throw new Error('The bands are of several widths, or were encoded with other tables');
  const scans = others.flatMap(({ scan }, i) => [words(RST0 + (i % RESTART_MARKERS)), scan]);
  return Buffer.concat([tables, words(DRI, 4, blocks), first.scanHead, first.scan, ...scans, words(EOI)]);
}

/** A file without its start of the image and its end. */
function partsOf(file: Buffer) {
  if (file.readUInt16BE(0) !== SOI || file.readUInt16BE(file.length - 2) !== EOI)
    throw new Error('Expected a whole JPEG file');
  const segments = segmentsOf(file);
  const frame = segments.find(({ marker }) => marker === SOF0);
  const scan = segments.find(({ marker }) => marker === SOS);
  // Without subsampling a unit of the scan is one block high and wide.
  if (!frame || !scan || !samplingOf(file.subarray(frame.at, frame.end)).every((factors) => factors === 0x11))
    throw new Error('Expected a baseline JPEG file without subsampling');
  const heightAt = frame.at + 5;
  return {
    height: file.readUInt16BE(heightAt),
    width: file.readUInt16BE(heightAt + 2),
    /** All before the scan, as of a picture of that height. */
    headOf(height: number): Buffer {
      const head = Buffer.from(file.subarray(0, scan.at));
      head.writeUInt16BE(height, heightAt);
      return head;
    },
    scanHead: file.subarray(scan.at, scan.end),
    scan: file.subarray(scan.end, -2),
  };
}

/** The segments up to the first scan, each with its marker and length. */
function segmentsOf(file: Buffer) {
  const segments: { marker: number; at: number; end: number }[] = [];
  for (let at = 2; segments.at(-1)?.marker !== SOS; ) {
    const end = at + 2 + file.readUInt16BE(at + 2);
    segments.push({ marker: file.readUInt16BE(at), at, end });
    at = end;
  }
  return segments;
}

/** Of each component of a frame header: marker, length, precision, height, width and count come first. */
function samplingOf(frame: Buffer): number[] {
  const COMPONENTS = 9;
  const components = frame.subarray(COMPONENTS + 1);
  return Array.from({ length: frame[COMPONENTS] as number }, (_, i) => components[3 * i + 1] as number);
}

function words(...values: number[]): Buffer {
  return Buffer.from(Uint16Array.from(values).buffer).swap16();
}
