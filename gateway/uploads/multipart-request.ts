import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import busboy from 'busboy';
import { z } from 'zod';
import { RadiographError } from '#common/errors.ts';

const MOST_FILES = 50;
const FIELD_BYTES = 1024 * 1024;
const TORN = 'Expected a whole multipart body';

const operations = z.looseObject({
  query: z.string().optional(),
  operationName: z.string().nullish(),
  variables: z.record(z.string(), z.unknown()).nullish(),
});
const fileMap = z.record(z.string(), z.array(z.string()).min(1));

export type Operations = z.infer<typeof operations>;

export type MultipartOptions = {
  /** The whole body; above it the request is refused. */
  readonly maxBytes: number;
  /** How long the client may send nothing. */
  readonly stuckMs: number;
  /** Called before any file is taken. @throws RadiographError when the operation is refused */
  readonly check: (operations: Operations) => void;
  /** Takes in one file. It is discarded when the request turns out to be faulty. */
  readonly take: (file: Readable) => Promise<Upload>;
};

/** A whole request, and the files in it, which are not kept yet. */
export type MultipartRequest = { readonly operations: Operations; readonly files: readonly Upload[] };

export type Upload = {
  /** Takes the file's place in the variables. */
  readonly claim: string;
  keep(): Promise<void>;
  discard(): Promise<void>;
};

/** A refused request is read on for as much again, so that its client gets to see the answer. */
const READ_ON = 2;

/** Reads a request by the GraphQL multipart request specification (v2). Files may come in any order after the map.
 *  @throws RadiographError BAD_USER_INPUT for a malformed request, FILE_TOO_LARGE above `maxBytes` */
export function multipartRequest(
  request: IncomingMessage,
  options: MultipartOptions,
): Promise<MultipartRequest> {
  return new Promise((resolve, reject) => {
    const parser = open(request);
    const taken = new Map<string, Promise<Upload>>();
    let received: Operations | undefined;
    let map: z.infer<typeof fileMap> | undefined;
    let bytes = 0;
    let lastBytes = -1;
    let failed = false;

    const fail = (error: unknown) => {
      if (failed) return;
      failed = true;
      request.unpipe(parser);
      parser.destroy();
      // Read on to the end, or the client would never get to see the answer.
      request.resume();
      void discardAll(taken.values()).then(() => reject(error));
    };
    // A pause of ours, while the disk is busy, is not the client's.
    const still = setInterval(() => {
      if (bytes === lastBytes && !request.isPaused()) request.destroy();
      lastBytes = bytes;
    }, options.stuckMs);
    const refuse = (message: string) => fail(new RadiographError('BAD_USER_INPUT', message));
    const check = (sent: Operations) => {
      try {
        options.check(sent);
      } catch (error) {
        fail(error);
      }
    };

    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > READ_ON * options.maxBytes) request.destroy();
      if (bytes > options.maxBytes && bytes - chunk.length <= options.maxBytes)
        fail(
          new RadiographError(
            'FILE_TOO_LARGE',
            'Expected smaller files: the request as a whole is too large',
          ),
        );
    });
    request.once('end', () => clearInterval(still));
    request.once('close', () => {
      clearInterval(still);
      if (!request.complete) parser.destroy(new Error('The client broke off'));
    });
    parser.on('field', (name, value, info) => {
      if (info.valueTruncated) return refuse(`Expected at most ${FIELD_BYTES} bytes in the field ${name}`);
      if (name === 'operations') received = parsed(operations, value);
      if (name === 'map') map = parsed(fileMap, value);
      if (name === 'operations' && !received)
        refuse('Expected a GraphQL request as JSON in the field operations');
      if (name === 'operations' && received) check(received);
      if (name === 'map' && !map) refuse('Expected an object of lists as JSON in the field map');
    });
    parser.on('file', (name, file) => {
      // Every way of ending early destroys the part with an error, also when nobody reads it any more.
      file.on('error', () => refuse(TORN));
      if (!received || !map || !Object.hasOwn(map, name) || taken.has(name)) {
        file.resume();
        return refuse('Expected the fields operations and map, then the files that the map names');
      }
      const upload = options.take(file);
      taken.set(name, upload);
      upload.catch(fail);
    });
    parser.on('filesLimit', () => refuse(`Expected at most ${MOST_FILES} files`));
    parser.on('error', () => refuse(TORN));
    parser.on('close', () => {
      if (failed) return;
      if (!received || !map) return refuse('Expected the fields operations and map');
      placedFiles(received, map, taken).then(resolve, fail);
    });
    request.pipe(parser);
  });
}

function open(request: IncomingMessage): busboy.Busboy {
  try {
    return busboy({
      headers: request.headers,
      limits: { files: MOST_FILES, fieldSize: FIELD_BYTES, fields: 2 },
    });
  } catch (cause) {
    throw new RadiographError('BAD_USER_INPUT', 'Expected multipart/form-data with a boundary', { cause });
  }
}

function parsed<T>(shape: z.ZodType<T>, json: string): T | undefined {
  try {
    return shape.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}

async function placedFiles(
  received: Operations,
  map: Record<string, string[]>,
  taken: Map<string, Promise<Upload>>,
): Promise<MultipartRequest> {
  for (const [name, paths] of Object.entries(map)) {
    const upload = await taken.get(name);
    if (upload === undefined)
      throw new RadiographError('BAD_USER_INPUT', `Expected a file named ${name.slice(0, 40)}, got none`);
    for (const path of paths) place(received, path.split('.'), upload.claim);
  }
  return { operations: received, files: await Promise.all(taken.values()) };
}

async function discardAll(taken: Iterable<Promise<Upload>>): Promise<void> {
  const ends = await Promise.allSettled(taken);
  await Promise.allSettled(ends.map(async (end) => end.status === 'fulfilled' && end.value.discard()));
}

/** Puts a claim where the specification has a null. Only what the client itself sent is walked. */
function place(target: unknown, path: readonly string[], claim: string): void {
  const [key = '', ...rest] = path;
  const isThere = typeof target === 'object' && target !== null && Object.hasOwn(target, key);
  if (!isThere) throw new RadiographError('BAD_USER_INPUT', 'Expected the map to name values that are null');
  const holder = target as Record<string, unknown>;
  if (rest.length > 0) place(holder[key], rest, claim);
  else if (holder[key] === null) holder[key] = claim;
  else throw new RadiographError('BAD_USER_INPUT', 'Expected null where a file belongs');
}
