import { expect, test } from 'vitest';
import { commonSettings, readSettings } from './env.ts';
import { storageConfig, storageSettings } from './storage-settings.ts';

const configured = (env: NodeJS.ProcessEnv) =>
  storageConfig(readSettings({ ...commonSettings, ...storageSettings }, env));

const BUCKET = {
  S3_ENDPOINT: 'https://s3.example',
  S3_BUCKET: 'images',
  S3_ACCESS_KEY_ID: 'id',
  S3_SECRET_ACCESS_KEY: 'secret',
};

test('without settings images and keys lie in the data folder', () => {
  expect(configured({})).toEqual({ dataDir: './.radiograph', keysDir: undefined });
});

test('a bucket needs four settings, and the rest has defaults', () => {
  expect(configured(BUCKET).s3).toEqual({
    ...{ endpoint: 'https://s3.example', bucket: 'images', region: 'us-east-1', forcePathStyle: true },
    ...{ accessKeyId: 'id', secretAccessKey: 'secret' },
  });
  expect(configured({ ...BUCKET, S3_FORCE_PATH_STYLE: '0' }).s3?.forcePathStyle).toBe(false);
  for (const missing of Object.keys(BUCKET))
    expect(() => configured({ ...BUCKET, [missing]: '' })).toThrow('belong together');
});
