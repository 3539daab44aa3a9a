import { parentPort } from 'node:worker_threads';
import dcmjsCodecs from 'dcmjs-codecs';
import { type ErrorCode, RadiographError } from '#common/errors.ts';
import type { DicomFacts } from '../domain/dicom-facts.ts';
import { readAttributes } from './attributes.ts';
import { readDataSet } from './data-set.ts';
import { renderGrey } from './render-grey.ts';
import { storedPixels } from './stored-pixels.ts';
import { checkReadable, checkSuitable } from './suitability.ts';

/** A thread that reads DICOM files one after the other. What a decoder throws ends it: the codecs share one memory, and
 *  a fault in one picture has made later ones fail. */
export type DecoderReply =
  | {
      readonly kind: 'read';
      readonly grey: Uint8Array;
      readonly columns: number;
      readonly rows: number;
      readonly facts: DicomFacts;
    }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string };

const port = parentPort;
if (!port) throw new Error('decoder-worker.ts runs in a worker thread only');

// Decoders write what they meet to the console.
dcmjsCodecs.log.disableAll();
const ready = dcmjsCodecs.NativeCodecs.initializeAsync();

port.on('message', async (file: Uint8Array) => {
  await ready;
  const reply = read(Buffer.from(file.buffer, file.byteOffset, file.length));
  port.postMessage(reply, reply.kind === 'read' ? [reply.grey.buffer as ArrayBuffer] : []);
});

function read(file: Buffer): DecoderReply {
  try {
    const found = readDataSet(file);
    const attributes = readAttributes(found.dataSet);
    checkReadable(attributes);
    const facts = checkSuitable(attributes);
    const { columns, rows } = attributes;
    return {
      kind: 'read',
      grey: renderGrey(attributes, storedPixels(found, attributes)),
      columns,
      rows,
      facts,
    };
  } catch (error) {
    if (error instanceof RadiographError)
      return { kind: 'refused', code: error.code, message: error.message };
    throw error;
  }
}
