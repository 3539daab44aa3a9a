import { join } from 'node:path';
import type { Registry } from 'prom-client';
import { z } from 'zod';
import type { KeptBlobStore } from './blob-store.ts';
import { openFolderBlobStore } from './folder-blob-store.ts';
import type { Keys } from './keys.ts';
import { measuredBlobStore } from './measured-blob-store.ts';
import { openS3BlobStore } from './s3-blob-store.ts';
import { type S3Settings, s3Bucket } from './s3-bucket.ts';

/** Where a service keeps images and finds its keys. */
export type StorageConfig = {
  readonly dataDir: string;
  /** The folder of keys, where it is not within the data folder. */
  readonly keysDir?: string | undefined;
  /** A bucket in place of the data folder. */
  readonly s3?: S3Settings | undefined;
};

/** Settings of every service that stores or reads images, beside the common ones. */
export const storageSettings = {
  S3_ENDPOINT: z.url().optional(),
  S3_BUCKET: z.string().min(1).optional(),
  S3_REGION: z.string().min(1).default('us-east-1'),
  S3_ACCESS_KEY_ID: z.string().min(1).optional(),
  S3_SECRET_ACCESS_KEY: z.string().min(1).optional(),
  S3_FORCE_PATH_STYLE: z.enum(['0', '1']).default('1'),
};

/** @throws Error that names the settings of the bucket when only some are there */
export function storageConfig(
  settings: z.output<z.ZodObject<typeof storageSettings>> & {
    DATA_DIR: string;
    KEYS_DIR?: string | undefined;
  },
): StorageConfig {
  const { S3_ENDPOINT: endpoint, S3_BUCKET: bucket, S3_ACCESS_KEY_ID: accessKeyId } = settings;
  const secretAccessKey = settings.S3_SECRET_ACCESS_KEY;
  const place = { dataDir: settings.DATA_DIR, keysDir: settings.KEYS_DIR };
  if (endpoint && bucket && accessKeyId && secretAccessKey) {
    const forcePathStyle = settings.S3_FORCE_PATH_STYLE === '1';
    const region = settings.S3_REGION;
    return { ...place, s3: { endpoint, bucket, region, accessKeyId, secretAccessKey, forcePathStyle } };
  }
  if (endpoint || bucket || accessKeyId || secretAccessKey)
    throw new Error(
      'Bad settings:\nS3_ENDPOINT, S3_BUCKET, S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY belong together',
    );
  return place;
}

/** The store that the settings name, measured where there is a registry. */
export async function openBlobStore(
  { dataDir, s3 }: StorageConfig,
  keys: Keys,
  metrics?: Registry,
): Promise<KeptBlobStore> {
  const store = s3
    ? await openS3BlobStore(join(dataDir, 'spool'), s3Bucket(s3), keys)
    : await openFolderBlobStore(dataDir, keys);
  return metrics ? measuredBlobStore(store, metrics) : store;
}
