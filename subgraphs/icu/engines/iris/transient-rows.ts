import { randomUUID } from 'node:crypto';
import type { Features } from '../../domain/icu-model.ts';
import type { Row } from './atelier-answer.ts';
import type { Statement } from './atelier-session.ts';
import { IrisFault } from './iris-fault.ts';
import type { IrisSql } from './iris-sql.ts';
import type { modelStatements } from './statements.ts';

/** Long after the last statement about a row has ended; clocks of several processes differ. */
const LEFT_BEHIND_MS = 10 * 60_000;
const AGAIN_MS = 15_000;

export type TransientRows = Disposable & {
  /** Predicts from values by a row that lives as long as the call. */
  predict(version: string, features: Features): Promise<Row[]>;
};

/** Rows for values that are not to be kept. A removal that fails is done when IRIS answers again; what a crash leaves
 *  behind is removed at the next start or, what was young then, later.
 *  @param againMs between attempts to remove what should have gone
 *  @param laterMs after the start, when what a crash just before has left is old too */
export function transientRows(
  sql: IrisSql,
  statements: ReturnType<typeof modelStatements>,
  now: () => number,
  { againMs = AGAIN_MS, laterMs = 2 * LEFT_BEHIND_MS } = {},
): TransientRows {
  const owed = new Set<Statement>();
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  const remove = async (removal: Statement) => {
    try {
      await sql.query(removal);
      owed.delete(removal);
    } catch {
      owed.add(removal);
      if (!closed) timer ??= setTimeout(settle, againMs).unref();
    }
  };
  const settle = () => {
    timer = undefined;
    for (const removal of owed) void remove(removal);
  };
  const sweep = () => void remove(statements.sweep(now() - LEFT_BEHIND_MS));
  sweep();
  const later = setTimeout(sweep, laterMs).unref();
  return {
    async predict(version, features) {
      const id = randomUUID();
      let mayBeThere = true;
      try {
        await sql.query(statements.keepForNow(id, now(), features)).catch((error: unknown) => {
          mayBeThere = !(error instanceof IrisFault) || error.outcomeUnknown;
          throw error;
        });
        return await sql.query(statements.assessKept(version, id));
      } finally {
        if (mayBeThere) await remove(statements.remove(id));
      }
    },
    [Symbol.dispose]() {
      closed = true;
      clearTimeout(timer);
      clearTimeout(later);
    },
  };
}
