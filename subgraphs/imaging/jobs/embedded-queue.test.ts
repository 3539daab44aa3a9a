import { pino } from 'pino';
import { describe } from 'vitest';
import { queueCases } from '../testing/queue-cases.ts';
import { embeddedQueue } from './embedded-queue.ts';

describe('the queue in the ledger', () => {
  queueCases(async () => embeddedQueue(pino({ level: 'silent' })));
});
