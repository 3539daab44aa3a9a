import { errors } from 'jose';
import { DatabaseError } from 'pg';
import { expect, test } from 'vitest';
import { serviceLogger } from './logger.ts';

test('of an error the log has type, message, stack and code, and nothing of what it was about', () => {
  const lines: string[] = [];
  const logger = serviceLogger('gateway', 'info', { write: (line) => void lines.push(line) });
  const claims = new errors.JWTClaimValidationFailed(
    'unexpected "aud" claim value',
    { sub: 'nurse-17' },
    'aud',
  );
  const row = Object.assign(new DatabaseError('duplicate key', 13, 'error'), {
    code: '23505',
    detail: 'Key (patient_id)=(nurse-17) already exists.',
  });
  logger.warn({ err: claims }, 'request refused');
  logger.error({ err: new Error('not stored', { cause: row }) }, 'internal error');
  const [refused, internal] = lines.map((line) => JSON.parse(line).err);
  expect(refused).toEqual({
    type: 'JWTClaimValidationFailed',
    message: 'unexpected "aud" claim value',
    stack: expect.stringContaining('logger.test.ts'),
    code: 'ERR_JWT_CLAIM_VALIDATION_FAILED',
  });
  expect(internal.message).toBe('not stored: duplicate key');
  expect(lines.join('')).not.toContain('nurse-17');
});
