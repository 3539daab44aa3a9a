export type CodestreamSize = { readonly columns: number; readonly rows: number; readonly components: number };

const JPEG_START = 0xffd8;
const JPEG_2000_START = Buffer.from([0xff, 0x4f, 0xff, 0x51]);
/** The codestream of JPEG 2000 may stand in a JP2 file, behind its boxes. */
const FURTHEST_START = 4096;

/** The size that a JPEG or JPEG-LS codestream claims, which its decoder would make room for.
 *  @returns undefined when there is none to be found */
export function jpegSize(codestream: Buffer): CodestreamSize | undefined {
  if (codestream.length < 4 || codestream.readUInt16BE(0) !== JPEG_START) return undefined;
  for (let at = 2; at + 10 <= codestream.length; ) {
    const marker = codestream.readUInt16BE(at);
    if (marker === 0xffff) at += 1;
    else if (marker < 0xff00) return undefined;
    else if (isFrameHeader(marker & 0xff))
      return {
        rows: codestream.readUInt16BE(at + 5),
        columns: codestream.readUInt16BE(at + 7),
        components: codestream.readUInt8(at + 9),
      };
    else at += 2 + codestream.readUInt16BE(at + 2);
  }
  return undefined;
}

/** SOF0 … SOF15 without the three that are others (DHT, JPG, DAC), and SOF55 of JPEG-LS. */
function isFrameHeader(marker: number): boolean {
  if (marker === 0xf7) return true;
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** The same for JPEG 2000, with high throughput or without (ISO/IEC 15444-1, A.5.1). */
export function jpeg2000Size(codestream: Buffer): CodestreamSize | undefined {
  const start = codestream.subarray(0, FURTHEST_START).indexOf(JPEG_2000_START);
  const at = start + JPEG_2000_START.length;
  if (start < 0 || codestream.length < at + 38) return undefined;
  return {
    columns: codestream.readUInt32BE(at + 4) - codestream.readUInt32BE(at + 12),
    rows: codestream.readUInt32BE(at + 8) - codestream.readUInt32BE(at + 16),
    components: codestream.readUInt16BE(at + 36),
  };
}
