import { expect, test } from 'vitest';
import { icuConfig } from './config.ts';

const IRIS = {
  IRIS_URL: 'https://hospital.example/iris/',
  IRIS_USER: 'icu_app',
  IRIS_PASSWORD: 'Correct-horse-9',
};

test('without IRIS_URL the embedded engine is used', () => {
  expect(icuConfig({})).toMatchObject({ port: 4003, iris: undefined });
  expect(icuConfig({ IRIS_URL: '' })).toEqual(icuConfig({}));
});

test('with IRIS_URL, which may have a path, IRIS is used', () => {
  expect(icuConfig(IRIS).iris).toEqual({
    ...{ url: 'https://hospital.example/iris/', user: 'icu_app', password: 'Correct-horse-9' },
    ...{ namespace: 'USER', model: 'IcuAdmission', adHocSubselect: false, deadlineMs: 10_000 },
  });
  const chosen = { IRIS_NAMESPACE: '%SYS', IRIS_MODEL: 'Icu_2', IRIS_AD_HOC_SUBSELECT: '1' };
  expect(icuConfig({ ...IRIS, ...chosen }).iris).toMatchObject({
    ...{ namespace: '%SYS', model: 'Icu_2', adHocSubselect: true },
  });
});

test.each([
  ['IRIS_URL', 'iris:52773'],
  ['IRIS_URL', 'ftp://iris'],
  ['IRIS_URL', 'http://icu_app:secret@iris:52773'],
  ['IRIS_URL', 'http://iris:52773/?a=b'],
  ['IRIS_NAMESPACE', 'USER/../%SYS'],
  ['IRIS_MODEL', 'Icu FOR 1) --'],
  ['IRIS_MODEL', '1Icu'],
  ['IRIS_AD_HOC_SUBSELECT', 'yes'],
])('%s is refused by name, and its value is not repeated: %s', (name, value) => {
  const read = () => icuConfig({ ...IRIS, [name]: value });
  expect(read).toThrow(new RegExp(`${name}`));
  expect(read).not.toThrow(value);
});

test('an address without an account is refused', () => {
  for (const missing of ['IRIS_USER', 'IRIS_PASSWORD'])
    expect(() => icuConfig({ ...IRIS, [missing]: '' })).toThrow(
      /IRIS_USER and IRIS_PASSWORD belong together/,
    );
});
