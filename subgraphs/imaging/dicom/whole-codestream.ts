/** EOI of JPEG and JPEG-LS, EOC of JPEG 2000; it stands nowhere within the coded pixels. */
const END = Buffer.from([0xff, 0xd9]);
/** Writers pad behind the end, to an even length or more. */
const LONGEST_PADDING = 64;
const RLE_HEADER = 64;
const RLE_MOST_SEGMENTS = 15;

/** Whether a codestream has its end: decoders fill up with grey what is missing. */
export function hasEnd(codestream: Buffer): boolean {
  return codestream.subarray(-LONGEST_PADDING).includes(END);
}

/** Whether each segment of an RLE codestream (PS3.5, annex G) holds its byte of every pixel: decoders fill up with zeros
 *  what is missing.
 *  @param bytes of a pixel, a segment for each */
export function isWholeRle(codestream: Buffer, bytes: number, pixels: number): boolean {
  if (codestream.length < RLE_HEADER || codestream.readUInt32LE(0) !== bytes || bytes > RLE_MOST_SEGMENTS)
    return false;
  const starts = Array.from({ length: bytes }, (_, index) => codestream.readUInt32LE(4 + 4 * index));
  return starts.every((start, index) => {
    const segment = codestream.subarray(start, starts[index + 1]);
    return start >= RLE_HEADER && unpackedLength(segment) >= pixels;
  });
}

/** Runs that a segment breaks off count for what is there. */
function unpackedLength(segment: Buffer): number {
  let length = 0;
  for (let at = 0; at + 1 < segment.length; ) {
    const control = segment.readInt8(at);
    if (control >= 0) {
      length += Math.min(control + 1, segment.length - at - 1);
      at += control + 2;
    } else {
      // -128 stands for nothing.
      if (control !== -128) length += 1 - control;
      at += control === -128 ? 1 : 2;
    }
  }
  return length;
}
