import type { IncomingMessage } from 'node:http';
import busboy from 'busboy';
import { RadiographError } from '#common/errors.ts';

const FIELD = 'b64';
const MOST_FIELDS = 10;
const DATA_URL = /^data:[^,]{0,100},/;
/** Lines may be broken; both alphabets of RFC 4648. */
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

export type FormOptions = {
  /** Of the decoded file. */
  readonly maxFileBytes: number;
  /** How long the client may send nothing. */
  readonly stuckMs: number;
};

/** What a form with a file of so many bytes takes at most: 4 characters for 3 bytes, of which two in 64 are written
 *  as three where the form is urlencoded, and line breaks. */
export function longestForm(maxFileBytes: number): number {
  return Math.ceil(maxFileBytes * (4 / 3) * 1.15) + 16 * 1024;
}

/** Reads the file in the field `b64` of a form, urlencoded or multipart, with or without a data URL before it.
 *  @throws RadiographError BAD_USER_INPUT, FILE_TOO_LARGE */
export async function base64File(request: IncomingMessage, options: FormOptions): Promise<Buffer> {
  const text = await field(request, options);
  // Who does not escape the plus signs of a urlencoded form sends spaces.
  const base64 = text
    .replace(DATA_URL, '')
    .replaceAll(' ', '+')
    .replace(/[\r\n\t]+/g, '');
  if (base64.length === 0)
    throw bad('Expected a JPEG, PNG or DICOM file in base64 in the field b64, got nothing');
  if (!BASE64.test(base64)) throw bad('Expected base64 in the field b64, got other characters');
  const file = Buffer.from(base64, 'base64');
  if (file.length > options.maxFileBytes)
    throw new RadiographError(
      'FILE_TOO_LARGE',
      `Expected at most ${options.maxFileBytes / 1024 / 1024} MB, got more`,
    );
  return file;
}

function field(request: IncomingMessage, { maxFileBytes, stuckMs }: FormOptions): Promise<string> {
  const most = longestForm(maxFileBytes);
  return new Promise((resolve, reject) => {
    const parser = open(request, most);
    let found: string | undefined;
    let bytes = 0;
    let lastBytes = -1;
    const still = setInterval(() => {
      if (bytes === lastBytes) request.destroy();
      lastBytes = bytes;
    }, stuckMs);
    const fail = (error: RadiographError) => {
      request.unpipe(parser);
      parser.destroy();
      // Read on to the end, or the client would never get to see the answer.
      request.resume();
      reject(error);
    };
    const tooLarge = () =>
      fail(new RadiographError('FILE_TOO_LARGE', `Expected a form of at most ${most} bytes, got more`));
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > 2 * most) request.destroy();
      if (bytes > most && bytes - chunk.length <= most) tooLarge();
    });
    request.once('end', () => clearInterval(still));
    request.once('close', () => {
      clearInterval(still);
      if (!request.complete) parser.destroy(new Error('The client broke off'));
    });
    parser.on('field', (name, value, { valueTruncated }) => {
      if (name !== FIELD) return;
      if (valueTruncated) return tooLarge();
      found = value;
    });
    parser.on('file', (_name, file) => {
      // A part that breaks off is told by the parser too.
      file.on('error', () => undefined);
      file.resume();
    });
    parser.on('error', () => fail(bad('Expected a whole form')));
    parser.on('close', () => {
      if (found === undefined) fail(bad('Expected the field b64 in the form, got none'));
      else resolve(found);
    });
    request.pipe(parser);
  });
}

function open(request: IncomingMessage, most: number): busboy.Busboy {
  try {
    return busboy({
      headers: request.headers,
      limits: { fields: MOST_FIELDS, fieldSize: most, files: 1 },
    });
  } catch (cause) {
    throw new RadiographError('BAD_USER_INPUT', 'Expected a form, urlencoded or multipart with a boundary', {
      cause,
    });
  }
}

function bad(message: string): RadiographError {
  return new RadiographError('BAD_USER_INPUT', message);
}
