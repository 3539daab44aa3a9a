import { expect, test } from 'vitest';
import { imagingConfig } from './config.ts';

test('without settings the embedded model server of this machine is asked', () => {
  expect(imagingConfig({ SERVING_WORKERS: '3' })).toMatchObject({
    ...{ host: '127.0.0.1', port: 4001, modelName: 'covid19' },
    inference: {
      pools: [{ name: 'embedded', address: '127.0.0.1:8500', slots: 3, maxBatch: 8, deadlineMs: 10_000 }],
      trials: {},
      cache: { redisUrl: undefined, ttlSeconds: 86_400 },
    },
  });
});

test('pools keep the order in which they are named', () => {
  expect(imagingConfig({ TF_SERVING: 'gpu=serving-a:8500,cpu=10.0.0.7:8501' }).inference.pools).toEqual([
    { name: 'gpu', address: 'serving-a:8500', slots: 1, maxBatch: 16, deadlineMs: 3_000 },
    { name: 'cpu', address: '10.0.0.7:8501', slots: 2, maxBatch: 8, deadlineMs: 10_000 },
  ]);
});

test('pools that cannot be read are named with the form that was expected', () => {
  for (const TF_SERVING of ['serving:8500', 'gpu=serving', 'gpu=a:1,', 'GPU=a:1', 'gpu=a:1 cpu=b:2'])
    expect(() => imagingConfig({ TF_SERVING })).toThrow(/TF_SERVING/);
});

test('a setting of nothing is no setting', () => {
  expect(imagingConfig({ TF_SERVING: '', IMAGING_PORT: '' })).toEqual(imagingConfig({}));
});

test('slots, batch and deadline are those of the pool that is named', () => {
  const { pools } = imagingConfig({
    TF_SERVING: 'gpu=a:8500,cpu=b:8500',
    ...{ TF_SERVING_SLOTS: 'cpu=6,gpu=2', TF_SERVING_BATCH: 'cpu=1', TF_SERVING_DEADLINE_MS: 'gpu=500' },
  }).inference;
  expect(pools).toMatchObject([
    { name: 'gpu', slots: 2, maxBatch: 16, deadlineMs: 500 },
    { name: 'cpu', slots: 6, maxBatch: 1, deadlineMs: 10_000 },
  ]);
});

test('numbers that cannot be read, or of a pool that is not there, are named', () => {
  for (const setting of ['TF_SERVING_SLOTS', 'TF_SERVING_BATCH', 'TF_SERVING_DEADLINE_MS'])
    for (const text of ['2', 'embedded=0', 'embedded=x', 'gpu=1', 'embedded=1,gpu=1'])
      expect(() => imagingConfig({ [setting]: text }), text).toThrow(setting);
});

test('a trial is a version and its share', () => {
  expect(imagingConfig({ MODEL_CANARY: '2:0.1', MODEL_SHADOW: '3:1' }).inference.trials).toEqual({
    canary: { version: '2', share: 0.1 },
    shadow: { version: '3', share: 1 },
  });
  for (const setting of ['MODEL_CANARY', 'MODEL_SHADOW'])
    for (const text of ['2', '2:1.5', '2:-0.1', 'two:0.1', '2:10%', '2:'])
      expect(() => imagingConfig({ [setting]: text }), text).toThrow(setting);
});

test('a Redis of its own for the cache wins over the one for everything', () => {
  const REDIS_URL = 'redis://everything:6379';
  const REDIS_CACHE_URL = 'rediss://cache:6379';
  const cacheOf = (env: NodeJS.ProcessEnv) => imagingConfig(env).inference.cache.redisUrl;
  expect([cacheOf({ REDIS_URL }), cacheOf({ REDIS_URL, REDIS_CACHE_URL })]).toEqual([
    REDIS_URL,
    REDIS_CACHE_URL,
  ]);
  expect(() => imagingConfig({ REDIS_CACHE_URL: 'http://cache' })).toThrow('REDIS_CACHE_URL');
});

test('a database that is not PostgreSQL is refused', () => {
  const DATABASE_URL = 'postgres://ledger@database/radiograph';
  expect(imagingConfig({ DATABASE_URL }).databaseUrl).toBe(DATABASE_URL);
  for (const url of ['mysql://a/b', 'database:5432'])
    expect(() => imagingConfig({ DATABASE_URL: url })).toThrow(/DATABASE_URL/);
});

test('images are kept until they are deleted unless an age is set, and orphans for a day', () => {
  const hour = 60 * 60_000;
  const { orphanGraceMs, retentionMs } = imagingConfig({});
  expect([orphanGraceMs, retentionMs]).toEqual([24 * hour, undefined]);
  expect(imagingConfig({ RETENTION_DAYS: '30', ORPHAN_GRACE_HOURS: '1' })).toMatchObject({
    orphanGraceMs: hour,
    retentionMs: 30 * 24 * hour,
  });
  for (const setting of ['RETENTION_DAYS', 'ORPHAN_GRACE_HOURS'])
    expect(() => imagingConfig({ [setting]: '0' })).toThrow(setting);
});
