import { expect, test } from 'vitest';
import { imagingConfig } from './config.ts';

test('without settings the embedded model server of this machine is asked', () => {
  expect(imagingConfig({})).toMatchObject({
    ...{ host: '127.0.0.1', port: 4001, modelName: 'covid19' },
    pools: [{ name: 'embedded', address: '127.0.0.1:8500' }],
  });
});

test('pools keep the order in which they are named', () => {
  expect(imagingConfig({ TF_SERVING: 'gpu=serving-a:8500,cpu=10.0.0.7:8501' }).pools).toEqual([
    { name: 'gpu', address: 'serving-a:8500' },
    { name: 'cpu', address: '10.0.0.7:8501' },
  ]);
});

test('pools that cannot be read are named with the form that was expected', () => {
  for (const TF_SERVING of ['serving:8500', 'gpu=serving', 'gpu=a:1,', 'GPU=a:1', 'gpu=a:1 cpu=b:2'])
    expect(() => imagingConfig({ TF_SERVING })).toThrow(/TF_SERVING/);
});

test('a setting of nothing is no setting', () => {
  expect(imagingConfig({ TF_SERVING: '', IMAGING_PORT: '' })).toEqual(imagingConfig({}));
});

test('a database that is not PostgreSQL is refused', () => {
  const DATABASE_URL = 'postgres://ledger@database/radiograph';
  expect(imagingConfig({ DATABASE_URL }).databaseUrl).toBe(DATABASE_URL);
  for (const url of ['mysql://a/b', 'database:5432'])
    expect(() => imagingConfig({ DATABASE_URL: url })).toThrow(/DATABASE_URL/);
});
