import { crc32 } from 'node:zlib';
import type { Inference, ModelCard } from '../domain/classification.ts';
import { PREPROCESSING_VERSION } from './preprocess.ts';

// An entry, little endian: format 1 byte · length of the pool's name 1 · labels, height, width 2 each · outlier score
// float64, NaN for none · the pool's name · probabilities float32 [C] · maps float32 [height, width, C] · CRC-32 4.

const FORMAT = 1;
const HEAD = 16;
const CHECK = 4;
const FLOAT = 4;

/** Names a model version, its weights and the preprocessing: what makes an inference of one image unlike another. */
export function modelField({ name, version, digest }: ModelCard): string {
  return `${name}/${version}/${digest}/${PREPROCESSING_VERSION}`;
}

/** @param key goes into the checksum, so that an entry under the key of another is found out */
export function encodeInference(inference: Inference, key: string): Buffer {
  const { probabilities, maps, mapHeight, mapWidth, outlierScore } = inference;
  const pool = Buffer.from(inference.pool);
  const head = Buffer.alloc(HEAD);
  head.writeUInt8(FORMAT, 0);
  head.writeUInt8(pool.length, 1);
  head.writeUInt16LE(probabilities.length, 2);
  head.writeUInt16LE(mapHeight, 4);
  head.writeUInt16LE(mapWidth, 6);
  head.writeDoubleLE(outlierScore ?? Number.NaN, 8);
  const scores = Buffer.alloc(probabilities.length * FLOAT);
  for (const [index, value] of probabilities.entries()) scores.writeFloatLE(value, index * FLOAT);
  const body = Buffer.concat([head, pool, scores, maps, Buffer.alloc(CHECK)]);
  body.writeUInt32LE(checksum(body, key), body.length - CHECK);
  return body;
}

/** @returns undefined for bytes that are not an inference of this model under this key */
export function decodeInference(bytes: Buffer, key: string, model: ModelCard): Inference | undefined {
  if (bytes.length < HEAD + CHECK || bytes.readUInt8(0) !== FORMAT) return undefined;
  const [poolLength, labels] = [bytes.readUInt8(1), bytes.readUInt16LE(2)];
  const [mapHeight, mapWidth] = [bytes.readUInt16LE(4), bytes.readUInt16LE(6)];
  const scoresAt = HEAD + poolLength;
  const mapsAt = scoresAt + labels * FLOAT;
  const end = mapsAt + mapHeight * mapWidth * labels * FLOAT;
  if (bytes.length !== end + CHECK || bytes.readUInt32LE(end) !== checksum(bytes, key)) return undefined;
  const probabilities = Array.from({ length: labels }, (_, i) => bytes.readFloatLE(scoresAt + i * FLOAT));
  const maps = Buffer.from(bytes.subarray(mapsAt, end));
  const score = bytes.readDoubleLE(8);
  const isScored = !Number.isNaN(score);
  if (labels !== model.labels.length || (model.outlierThreshold !== undefined && !isScored)) return undefined;
  if (!probabilities.every(Number.isFinite) || !areFinite(maps)) return undefined;
  return {
    probabilities,
    ...(isScored && { outlierScore: score }),
    ...{ maps, mapHeight, mapWidth, modelVersion: model.version },
    pool: bytes.toString('utf8', HEAD, scoresAt),
  };
}

function checksum(bytes: Buffer, key: string): number {
  return crc32(bytes.subarray(0, -CHECK), crc32(key));
}

function areFinite(maps: Buffer): boolean {
  for (let at = 0; at < maps.length; at += FLOAT) if (!Number.isFinite(maps.readFloatLE(at))) return false;
  return true;
}
