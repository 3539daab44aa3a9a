import { setTimeout as pause } from 'node:timers/promises';
import { bulkhead } from 'cockatiel';
import { expect, test } from 'vitest';
import { RadiographError } from './errors.ts';
import { serviceLogger } from './logger.ts';
import {
  bound,
  inScope,
  requestScope,
  type SpanAttributes,
  sharedScope,
  type TraceSpan,
  traced,
} from './request-scope.ts';

/** A span that writes down what becomes of it. */
function aSpan(name: string, told: string[]): TraceSpan {
  return {
    traceId: 't'.repeat(32),
    traceparent: name,
    child: (below, { links = [] }) => {
      told.push(`${name} > ${below}${links.map((link) => ` & ${link.traceparent}`).join('')}`);
      return aSpan(below, told);
    },
    set: (attributes: SpanAttributes) => void told.push(`${name} ${JSON.stringify(attributes)}`),
    fail: (code) => void told.push(`${name} failed: ${code}`),
    end: () => void told.push(`${name} ended`),
  };
}

test('each request keeps its own id through waits, and each line of it has that id', async () => {
  const lines: { msg: string; requestId?: string; traceId?: string }[] = [];
  const logger = serviceLogger('test', 'info', { write: (line) => void lines.push(JSON.parse(line)) });
  const request = (requestId: string) =>
    inScope({ requestId }, async () => {
      await pause(1);
      logger.info(requestId);
      return requestScope()?.requestId;
    });
  expect(await Promise.all(['a', 'b', 'c'].map(request))).toEqual(['a', 'b', 'c']);
  expect(lines.map(({ msg, requestId }) => [msg, requestId])).toEqual([...'abc'].map((id) => [id, id]));
  logger.info('nobody');
  expect(lines.at(-1)).not.toHaveProperty('requestId');
  inScope({ requestId: 'd', span: aSpan('s', []) }, () => logger.info('traced'));
  expect(lines.at(-1)).toMatchObject({ requestId: 'd', traceId: 't'.repeat(32) });
});

test('work in a span ends it, with the code of what it throws and never its message', async () => {
  const told: string[] = [];
  const scope = { requestId: 'a', span: aSpan('root', told) };
  await inScope(scope, () =>
    traced('good', { kind: 'internal' }, () => traced('inner', { kind: 'client' }, () => 1)),
  );
  const refusal = new RadiographError('NOT_FOUND', 'Smith is gone');
  const fails = inScope(scope, () => traced('bad', { kind: 'internal' }, () => Promise.reject(refusal)));
  await expect(fails).rejects.toBe(refusal);
  const broken = inScope(scope, () =>
    traced('worse', { kind: 'internal' }, () => Promise.reject(new Error('SQL'))),
  );
  await expect(broken).rejects.toThrow();
  expect(told).toEqual([
    ...['root > good', 'good > inner', 'inner ended', 'good ended'],
    ...['root > bad', 'bad failed: NOT_FOUND', 'bad ended'],
    ...['root > worse', 'worse failed: INTERNAL', 'worse ended'],
  ]);
  expect(await traced('nothing', { kind: 'internal' }, (span) => span)).toBeUndefined();
});

test('what is done for several is named after all, below the first, and linked to the others once', async () => {
  const told: string[] = [];
  const scopes = ['a', 'b', 'b', 'c'].map((id) => ({ requestId: id, span: aSpan(id, told) }));
  const shared = sharedScope([undefined, ...scopes]);
  expect(shared?.requestId).toBe('a,b,c');
  await inScope(shared, () =>
    traced('batch', { kind: 'client' }, () => traced('inner', { kind: 'client' }, () => 1)),
  );
  expect(told).toEqual(['a > batch & b & b & c', 'batch > inner', 'inner ended', 'batch ended']);
  expect(sharedScope([undefined, scopes[0]])).toBe(scopes[0]);
  expect(sharedScope([])).toBeUndefined();
  const many = Array.from({ length: 40 }, (_, i) => ({ requestId: String(i) }));
  expect(sharedScope(many)?.requestId.split(',')).toHaveLength(16);
});

test('what had to wait for a place runs on behalf of its own request', async () => {
  const one = bulkhead(1, 9);
  const seen = await Promise.all(
    ['a', 'b', 'c'].map((requestId) =>
      inScope({ requestId }, () =>
        one.execute(
          bound(async () => {
            await pause(1);
            return requestScope()?.requestId;
          }),
        ),
      ),
    ),
  );
  expect(seen).toEqual(['a', 'b', 'c']);
});
