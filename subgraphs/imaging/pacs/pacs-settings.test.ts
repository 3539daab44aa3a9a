import { expect, test } from 'vitest';
import { imagingConfig } from '../config.ts';

const DICOMWEB_URL = 'https://pacs.example/dicom-web/';
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

test.each([
  [{}, undefined],
  [{ DICOMWEB_USER: 'u', DICOMWEB_PASSWORD: 'p' }, undefined],
  [{ DICOMWEB_URL }, { url: 'https://pacs.example/dicom-web', authorization: undefined }],
  [{ DICOMWEB_URL, DICOMWEB_USER: 'u', DICOMWEB_PASSWORD: 'p:w' }, { authorization: basic('u:p:w') }],
  [{ DICOMWEB_URL, DICOMWEB_TOKEN: 'a.b-c_d~e+f/g==' }, { authorization: 'Bearer a.b-c_d~e+f/g==' }],
])('%j chooses a PACS', (env, pacs) => {
  const chosen = imagingConfig(env).pacs;
  if (pacs === undefined) expect(chosen).toBeUndefined();
  else expect(chosen).toMatchObject(pacs);
});

test.each([
  [{ DICOMWEB_URL: 'pacs:8042' }, 'DICOMWEB_URL'],
  [{ DICOMWEB_URL: 'ftp://pacs/' }, 'DICOMWEB_URL'],
  [{ DICOMWEB_URL: 'http://u:p@pacs/' }, 'DICOMWEB_URL'],
  [{ DICOMWEB_URL: 'http://pacs/?a=b' }, 'DICOMWEB_URL'],
  [{ DICOMWEB_URL, DICOMWEB_USER: 'u' }, 'DICOMWEB_USER and DICOMWEB_PASSWORD belong together'],
  [{ DICOMWEB_URL, DICOMWEB_PASSWORD: 'p' }, 'DICOMWEB_USER and DICOMWEB_PASSWORD belong together'],
  [{ DICOMWEB_URL, DICOMWEB_USER: 'a:b', DICOMWEB_PASSWORD: 'p' }, 'DICOMWEB_USER'],
  [{ DICOMWEB_URL, DICOMWEB_TOKEN: 'a\nb' }, 'DICOMWEB_TOKEN'],
  [{ DICOMWEB_URL, DICOMWEB_USER: 'u', DICOMWEB_PASSWORD: 'p', DICOMWEB_TOKEN: 't' }, 'exclude each other'],
  [{ DICOMWEB_TOKEN: 't' }, 'needs DICOMWEB_URL'],
])('%j is refused', (env, message) => {
  expect(() => imagingConfig(env)).toThrow(message);
});

test('one message names every bad setting', () => {
  const bad = { DICOMWEB_URL: 'x', DICOMWEB_USER: 'a:b', MAX_UPLOAD_MB: '0' };
  for (const name of Object.keys(bad)) expect(() => imagingConfig(bad)).toThrow(name);
});
