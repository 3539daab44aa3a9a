import { createHmac, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { fileUrl, openFileToken } from './file-token.ts';
import { openToken, sealToken } from './sealed-token.ts';
import { openClaim, sealClaim } from './upload-claim.ts';

const key = randomBytes(32);
const otherKey = randomBytes(32);
const NOW = Date.UTC(2026, 10, 1, 8, 7);
const MINUTE = 60_000;
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const macOf = (body: string, by = key) => createHmac('sha256', by).update(body).digest('base64url');

const NO_TOKENS = [
  ...['', '.', '..', 'a', 'a.', '.a', 'a.b', 'a.b.c', '%', '\0', ' ', '{}', 'null', 'undefined.undefined'],
  ...['é.ü', '你好.世界', '🫁.🫁', 'a'.repeat(100_000), `${encode({ exp: NOW * 2 })}.`],
];

describe('a sealed token', () => {
  const token = sealToken(key, { address: 'a', count: 3 }, NOW + 1);
  const [body = '', seal = ''] = token.split('.');

  test('gives back what was sealed until it runs out', () => {
    expect(openToken(key, token, NOW)).toEqual({ address: 'a', count: 3, exp: NOW + 1 });
    expect(openToken(key, token, NOW + 1)).toBeUndefined();
    expect(openToken(key, token, NOW + MINUTE)).toBeUndefined();
  });

  test('keeps words that are not ASCII', () => {
    const sealed = sealToken(key, { name: 'Größe 肺 🫁' }, NOW + 1);
    expect(sealed).toMatch(/^[\w-]+\.[\w-]+$/);
    expect(openToken(key, sealed, NOW)).toMatchObject({ name: 'Größe 肺 🫁' });
  });

  test('is refused when any one of its characters was changed, taken out or put in', () => {
    for (let at = 0; at < token.length; at += 1) {
      const changed = token[at] === 'A' ? 'B' : 'A';
      for (const middle of [changed, '', `${token[at]}A`, `${token[at]}é`, `${token[at]} `, `${token[at]}=`])
        expect(openToken(key, token.slice(0, at) + middle + token.slice(at + 1), NOW)).toBeUndefined();
    }
  });

  test('has one form: no other text passes for its seal', () => {
    // The last of 43 characters carries four bits of the seal and two that a decoder drops.
    const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const accepted = [...digits].filter((last) => openToken(key, token.slice(0, -1) + last, NOW));
    expect(accepted).toEqual([token.at(-1)]);
    for (const other of [`${token}!`, `${body}.!${seal}`, `${body}.${seal.replaceAll('-', '+')}=`])
      expect(openToken(key, other, NOW)).toBeUndefined();
  });

  test('is refused under another key, with another body or with a longer life', () => {
    expect(openToken(otherKey, token, NOW)).toBeUndefined();
    const longer = encode({ address: 'a', count: 3, exp: NOW + MINUTE });
    expect(openToken(key, `${longer}.${seal}`, NOW)).toBeUndefined();
    expect(openToken(key, `${longer}.${macOf(longer, otherKey)}`, NOW)).toBeUndefined();
    expect(openToken(key, `${token}.${seal}`, NOW)).toBeUndefined();
  });

  test('without an end is refused though its seal is right', () => {
    for (const exp of [undefined, null, '9999999999999']) {
      const endless = encode({ address: 'a', exp });
      expect(openToken(key, `${endless}.${macOf(endless)}`, NOW)).toBeUndefined();
    }
  });

  test('cannot be given another end by what it holds', () => {
    expect(openToken(key, sealToken(key, { exp: NOW * 2 }, NOW), NOW)).toBeUndefined();
  });

  test.each(NO_TOKENS)('is not: %j', (text) => {
    expect(openToken(key, text, NOW)).toBeUndefined();
  });
});

describe('an upload claim', () => {
  const claim = sealClaim(key, { kept: true, address: 'a', bytes: 12 }, NOW);
  const refused = (token: unknown, by = key, now = NOW) => {
    expect(() => openClaim(by, token, now)).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', message: expect.stringContaining('multipart') }),
    );
  };

  test('names the kept file for an hour', () => {
    expect(openClaim(key, claim, NOW + 60 * MINUTE - 1)).toEqual({ address: 'a', bytes: 12 });
    refused(claim, key, NOW + 60 * MINUTE);
  });

  test('of a file that was not kept throws the reason', () => {
    const gone = sealClaim(key, { kept: false, code: 'FILE_TOO_LARGE', message: 'Expected 2 MB' }, NOW);
    expect(() => openClaim(key, gone, NOW)).toThrow(
      expect.objectContaining({ code: 'FILE_TOO_LARGE', message: 'Expected 2 MB' }),
    );
  });

  test('is refused under the key of another purpose, or when a client made it up', () => {
    refused(claim, otherKey);
    for (const made of [
      ...NO_TOKENS,
      null,
      undefined,
      7,
      true,
      [],
      [claim],
      {},
      { kept: true, address: 'a' },
    ])
      refused(made);
  });

  test('is not any other note of ours', () => {
    refused(fileUrl(key, { address: 'a', mediaType: 'image/png' }, NOW).replace('/files/', ''));
    for (const half of [{ kept: true, address: 'a' }, { kept: 1, address: 'a', bytes: 1 }, { kept: false }])
      refused(sealToken(key, half, NOW + 1));
  });
});

describe('a link to a stored picture', () => {
  const picture = { address: 'a', mediaType: 'image/png' } as const;
  const tokenAt = (now: number) => fileUrl(key, picture, now).replace('/files/', '');

  test('opens for 15 to 30 minutes', () => {
    for (const offset of [0, 1, 7 * MINUTE, 15 * MINUTE - 1, 15 * MINUTE]) {
      const made = NOW + offset;
      const token = tokenAt(made);
      expect(openFileToken(key, token, made + 15 * MINUTE)).toEqual(picture);
      expect(openFileToken(key, token, made + 30 * MINUTE)).toBeUndefined();
    }
  });

  test('is equal for equal pictures within a quarter of an hour, so that a browser can keep the picture', () => {
    const quarter = Date.UTC(2026, 10, 1, 8, 15);
    expect(tokenAt(quarter)).toBe(tokenAt(quarter + 15 * MINUTE - 1));
    expect(tokenAt(quarter)).not.toBe(tokenAt(quarter - 1));
  });

  test('is refused under another key, when it is no link, and when it names no picture', () => {
    expect(openFileToken(otherKey, tokenAt(NOW), NOW)).toBeUndefined();
    for (const text of NO_TOKENS) expect(openFileToken(key, text, NOW)).toBeUndefined();
    const others = [{ address: 'a', mediaType: 'text/html' }, { mediaType: 'image/png' }, { address: 'a' }];
    for (const other of others)
      expect(openFileToken(key, sealToken(key, other, NOW + 1), NOW)).toBeUndefined();
    expect(
      openFileToken(key, sealClaim(key, { kept: true, address: 'a', bytes: 1 }, NOW), NOW),
    ).toBeUndefined();
  });
});
