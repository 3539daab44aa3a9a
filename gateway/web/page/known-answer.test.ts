import { expect, test } from 'vitest';
import { type KnownAnswer, NOTHING_KNOWN, withAnswer } from './known-answer.ts';

const AWAY = { code: 'UNREACHABLE', message: 'No answer came' };
const REFUSED = { code: 'UNAUTHENTICATED', message: 'The token has run out' };
type Data = { radiograph: { risk: string | null } | null };
const whole: Data = { radiograph: { risk: 'low' } };
const before: KnownAnswer<Data> = withAnswer<Data>(NOTHING_KNOWN, 'one', { data: whole, faults: [] });
const shown = ({ data, faults }: KnownAnswer<Data>) => ({ data, faults });

test('a fault that may pass stands beside what was known, however often it comes', () => {
  const lost = withAnswer(before, 'one', { data: undefined, faults: [AWAY] });
  expect(shown(lost)).toEqual({ data: whole, faults: [AWAY] });
  const inPart = withAnswer(lost, 'one', { data: { radiograph: { risk: null } }, faults: [AWAY] });
  expect(shown(inPart)).toEqual({ data: whole, faults: [AWAY] });
  const gone = { data: { radiograph: null }, faults: [] };
  expect(shown(withAnswer(inPart, 'one', gone))).toEqual(gone);
});

test('what was known goes with the right to know it', () => {
  const refused = { data: undefined, faults: [AWAY, REFUSED] };
  const after = withAnswer(before, 'one', refused);
  expect(shown(after)).toEqual(refused);
  expect(shown(withAnswer(after, 'one', { data: undefined, faults: [AWAY] })).data).toBeUndefined();
});

test('another question never has the answer of the one before', () => {
  const lost = { data: undefined, faults: [AWAY] };
  expect(shown(withAnswer(before, 'other', lost))).toEqual(lost);
});

test('an answer in part is shown where nothing more is known', () => {
  const inPart = { data: { radiograph: { risk: null } }, faults: [AWAY] };
  expect(shown(withAnswer<Data>(NOTHING_KNOWN, 'one', inPart))).toEqual(inPart);
});
