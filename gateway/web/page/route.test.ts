import { expect, test } from 'vitest';
import { HOME, hashOf, type Route, routeOf } from './route.ts';

test.each<[Route]>([
  [HOME],
  [{ view: 'reading', id: 'a/b c?d#%' }],
  [{ view: 'history', patientId: null, ends: [] }],
  [{ view: 'history', patientId: null, ends: ['a_-', 'b&=+#?/ %'] }],
  [{ view: 'history', patientId: 'Ü 7?', ends: ['c'] }],
])('an address leads back to what it was made of: %j', (route) => {
  const { hash } = new URL(hashOf(route), 'http://localhost/');
  expect(routeOf(hash)).toEqual(route);
});

test('an address that means nothing leads to where radiographs are sent', () => {
  for (const hash of ['', '#', '#/nothing', '#/radiographs/', '#/radiographs/%zz', '#/patients'])
    expect(routeOf(hash)).toEqual(HOME);
});
