import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openModelCards } from './model-cards.ts';

const folder = mkdtempSync(join(tmpdir(), 'radiograph-cards-'));
afterAll(() => rmSync(folder, { recursive: true }));

function published(version: string, metadata: object | string, weights?: string) {
  const at = join(folder, 'bones', version);
  mkdirSync(at, { recursive: true });
  writeFileSync(
    join(at, 'metadata.json'),
    typeof metadata === 'string' ? metadata : JSON.stringify(metadata),
  );
  if (weights !== undefined) writeFileSync(join(at, 'model.onnx'), weights);
}
const BONES = {
  name: 'bones',
  labels: [{ code: 'FRACTURE', display: 'Fracture' }],
  positiveThreshold: { FRACTURE: 0.7 },
};

test('labels, thresholds and digest are those that lie beside the weights', async () => {
  published('3', { ...BONES, outlierThreshold: 12.5, trainedAt: '2026-11-24' }, 'weights');
  expect(await openModelCards(folder, 'bones').card('3')).toEqual({
    name: 'bones',
    version: '3',
    digest: createHash('sha256').update('weights').digest('hex'),
    labels: [{ code: 'FRACTURE', display: 'Fracture', disease: true }],
    thresholds: { FRACTURE: 0.7 },
    outlierThreshold: 12.5,
  });
});

test('a model may have no outlier score, and its weights may lie elsewhere', async () => {
  published('4', BONES);
  const card = await openModelCards(folder, 'bones').card('4');
  expect(card).not.toHaveProperty('outlierThreshold');
  expect(card.digest).toBeNull();
});

test('a card that is mended is read again', async () => {
  const cards = openModelCards(folder, 'bones');
  for (const faulty of ['{', { ...BONES, labels: [] }, { ...BONES, positiveThreshold: { FRACTURE: 1.2 } }]) {
    published('5', faulty);
    await expect(cards.card('5')).rejects.toThrow();
  }
  published('5', BONES);
  expect((await cards.card('5')).version).toBe('5');
});

test('a card that was read while its version was copied into place is read again', async () => {
  const cards = openModelCards(folder, 'bones');
  published('6', BONES);
  expect((await cards.card('6')).digest).toBeNull();
  for (const weights of ['half', 'half and half']) {
    published('6', BONES, weights);
    expect((await cards.card('6')).digest).toBe(createHash('sha256').update(weights).digest('hex'));
  }
});

test('a card that is known outlives its files', async () => {
  const cards = openModelCards(folder, 'bones');
  published('7', BONES, 'weights');
  const card = await cards.card('7');
  rmSync(join(folder, 'bones', '7'), { recursive: true });
  expect(await cards.card('7')).toBe(card);
});

test('versions are numbers, highest first; an unknown model has none', async () => {
  published('10', BONES);
  mkdirSync(join(folder, 'bones', 'drafts'), { recursive: true });
  expect(await openModelCards(folder, 'bones').versions()).toEqual(['10', '6', '5', '4', '3']);
  expect(await openModelCards(folder, 'joints').versions()).toEqual([]);
});
