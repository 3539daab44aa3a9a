import { setTimeout as pause } from 'node:timers/promises';
import { commonSettings, readSettings } from '#common/env.ts';
import { RadiographError } from '#common/errors.ts';
import { s3Bucket } from '#common/s3-bucket.ts';
import { storageConfig, storageSettings } from '#common/storage-settings.ts';

/** A store that was started together with this may take as long. */
const PATIENCE_MS = 60_000;
const AGAIN_MS = 500;

const { s3 } = storageConfig(readSettings({ ...commonSettings, ...storageSettings }, process.env));
if (!s3) throw new Error('Bad settings:\nExpected S3_ENDPOINT and what belongs to it, got none');
const bucket = s3Bucket(s3);

for (const until = Date.now() + PATIENCE_MS; ; await pause(AGAIN_MS)) {
  try {
    console.log(`The bucket is ${await bucket.make()}`);
    break;
  } catch (error) {
    const isAway = error instanceof RadiographError && error.code === 'OVERLOADED';
    if (!isAway || Date.now() > until) throw error;
  }
}
