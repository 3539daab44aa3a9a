import { randomUUID } from 'node:crypto';
import { DicomwebFault } from './dicomweb-fault.ts';

const MULTIPART = /^\s*multipart\/related\s*(;.*)$/is;
const BOUNDARY = /;\s*boundary\s*=\s*(?:"([^"]*)"|([^\s;"]+))/i;
/** RFC 2046, 5.1.1. */
const LONGEST_BOUNDARY = 70;
const LONGEST_PREAMBLE = 16 * 1024;
const LONGEST_HEADER = 8 * 1024;
const CRLF = '\r\n';

/** @returns the boundary that a content type of multipart/related names (RFC 2387) @throws DicomwebFault unusable */
export function boundaryOf(contentType: string | undefined): string {
  const [, parameters] = MULTIPART.exec(contentType ?? '') ?? [];
  const [, quoted, plain] = BOUNDARY.exec(parameters ?? '') ?? [];
  const boundary = quoted ?? plain ?? '';
  if (boundary.length === 0 || boundary.length > LONGEST_BOUNDARY || /[^\x20-\x7e]/.test(boundary))
    throw unusable('Expected multipart/related with a boundary');
  return boundary;
}

/** The content of a body that is one DICOM object in multipart/related, as it comes in.
 *  @throws DicomwebFault unusable when the body is torn, or not one part of type application/dicom */
export async function* onePart(body: AsyncIterable<Uint8Array>, boundary: string): AsyncGenerator<Buffer> {
  const delimiter = Buffer.from(`${CRLF}--${boundary}`, 'latin1');
  let phase: 'preamble' | 'header' | 'content' = 'preamble';
  // The first delimiter may stand at the very beginning.
  let pending = Buffer.from(CRLF);
  for await (const chunk of body) {
    pending = Buffer.concat([pending, chunk]);
    if (phase === 'preamble') {
      const at = pending.indexOf(delimiter);
      if (at < 0 && pending.length > LONGEST_PREAMBLE) throw unusable('Expected the boundary of a part');
      if (at < 0) continue;
      pending = pending.subarray(at + delimiter.length);
      phase = 'header';
    }
    if (phase === 'header') {
      const end = pending.indexOf(CRLF + CRLF);
      if ((end < 0 ? pending.length : end) > LONGEST_HEADER)
        throw unusable('Expected the end of a part’s header');
      if (end < 0) continue;
      checkHeader(pending.toString('latin1', 0, end + CRLF.length));
      pending = pending.subarray(end + 2 * CRLF.length);
      phase = 'content';
    }
    const at = pending.indexOf(delimiter);
    const ready = at < 0 ? pending.length - delimiter.length : at;
    if (ready > 0) yield pending.subarray(0, ready);
    pending = pending.subarray(Math.max(0, ready));
    if (at < 0 || pending.length < delimiter.length + 2) continue;
    if (pending.toString('latin1', delimiter.length, delimiter.length + 2) === '--') return;
    throw unusable('Expected one part, got more');
  }
  throw unusable('Expected a whole body, got a torn one');
}

function checkHeader(header: string): void {
  const isDicom = /\r\ncontent-type\s*:\s*application\/dicom\s*[;\r]/i.test(header);
  if (!/^[ \t]*\r\n/.test(header) || !isDicom) throw unusable('Expected a part of type application/dicom');
}

/** DICOM files as the body of a request. */
export function relatedBody(files: readonly Buffer[]): { contentType: string; body: Buffer } {
  const boundary = randomUUID();
  const head = `--${boundary}${CRLF}content-type: application/dicom${CRLF}${CRLF}`;
  const parts = files.flatMap((file) => [Buffer.from(head), file, Buffer.from(CRLF)]);
  return {
    contentType: `multipart/related; type="application/dicom"; boundary=${boundary}`,
    body: Buffer.concat([...parts, Buffer.from(`--${boundary}--${CRLF}`)]),
  };
}

const unusable = (message: string) => new DicomwebFault('unusable', message);
