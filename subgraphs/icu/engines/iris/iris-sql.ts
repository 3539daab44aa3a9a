import { BrokenCircuitError, CircuitState, ConsecutiveBreaker, circuitBreaker, handleWhen } from 'cockatiel';
import type { Logger } from 'pino';
import { Gauge, Histogram, type Registry } from 'prom-client';
import { deadlineSignal } from '#common/deadline.ts';
import { traced } from '#common/request-scope.ts';
import type { Row } from './atelier-answer.ts';
import { atelierHttp } from './atelier-http.ts';
import { atelierSession, type IrisAccount, type Statement } from './atelier-session.ts';
import { IrisFault } from './iris-fault.ts';

/** With the session for trainings three of the eight connections that a Community licence has. */
const QUERY_SESSIONS = 2;
const FAULTS_IN_A_ROW = 3;
const REST_MS = 5_000;
const LOGOUT_MS = 2_000;

export type IrisConfig = IrisAccount & {
  /** With a path where IRIS stands behind a prefix. */
  readonly url: string;
  readonly model: string;
  /** Whether values that are not kept are assessed in a derived table, without a row. */
  readonly adHocSubselect: boolean;
  /** For a statement, from its asking to the last byte; a training has its own. */
  readonly deadlineMs: number;
};

export type IrisSql = AsyncDisposable & {
  /** On one of two sessions, the second one only when the first is busy.
   *  @throws IrisFault, at once while IRIS is left alone */
  query(statement: Statement): Promise<Row[]>;
  /** On a session of its own, which ends with the statement: a training would block all others.
   *  @throws IrisFault */
  administer(statement: Statement, deadlineMs: number): Promise<Row[]>;
};

/** SQL over the Atelier REST API of IRIS. Nothing is asked before the first statement. */
export function openIrisSql(config: IrisConfig, registry: Registry, logger: Logger): IrisSql {
  const http = atelierHttp(config.url);
  const sessions = Array.from({ length: QUERY_SESSIONS }, () => atelierSession(http, config));
  const admin = atelierSession(http, config);
  const closed = new AbortController();
  const seconds = new Histogram({
    ...{ name: 'iris_statement_seconds', help: 'Statements to InterSystems IRIS by how they ended' },
    ...{ buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600] },
    ...{ labelNames: ['statement', 'outcome'] as const, registers: [registry] },
  });
  const breaker = circuitBreaker(handleWhen(isTrouble), {
    breaker: new ConsecutiveBreaker(FAULTS_IN_A_ROW),
    halfOpenAfter: REST_MS,
  });
  const registers = [registry];
  const opened = new Gauge({
    name: 'iris_breaker_state',
    help: 'Breaker of IRIS: 0 closed, 1 half open, 2 open',
    registers,
  });
  breaker.onStateChange((state) => {
    logger.warn({ state: CircuitState[state] }, 'IRIS breaker');
    opened.set(state === CircuitState.Closed ? 0 : state === CircuitState.HalfOpen ? 1 : 2);
  });
  new Gauge({
    ...{ name: 'iris_statements_pending', help: 'Statements under way or waiting for a session', registers },
    collect() {
      this.set([...sessions, admin].reduce((sum, session) => sum + session.pending(), 0));
    },
  });

  const measured = async (statement: Statement, work: () => Promise<Row[]>) => {
    const end = seconds.startTimer({ statement: statement.name });
    const attributes = { 'db.system.name': 'intersystems.iris', 'db.operation.name': statement.name };
    try {
      const rows = await traced(`iris ${statement.name}`, { kind: 'client', attributes }, work);
      end({ outcome: 'ok' });
      return rows;
    } catch (error) {
      const { kind, sqlcode, status } = error instanceof IrisFault ? error : {};
      end({ outcome: kind ?? 'internal' });
      logger.warn({ statement: statement.name, kind, sqlcode, status }, 'IRIS gave no answer');
      throw error;
    }
  };

  const onFreeSession = async (statement: Statement, signal: AbortSignal) => {
    const session = sessions.reduce((best, one) => (one.pending() < best.pending() ? one : best));
    try {
      return await session.run(statement, signal);
    } catch (error) {
      // IRIS may still be at work in that session, so the other one comes first from now on.
      if (signal.aborted) sessions.push(...sessions.splice(sessions.indexOf(session), 1));
      throw error;
    }
  };

  return {
    async query(statement) {
      // While one statement finds out whether IRIS is back, the library would let all others wait for it.
      if (breaker.state === CircuitState.HalfOpen) throw new IrisFault('resting');
      try {
        return await breaker.execute(() =>
          measured(statement, () =>
            onFreeSession(statement, deadlineSignal(config.deadlineMs, closed.signal)),
          ),
        );
      } catch (error) {
        throw error instanceof BrokenCircuitError ? new IrisFault('resting') : error;
      }
    },
    async administer(statement, deadlineMs) {
      const signal = deadlineSignal(deadlineMs, closed.signal);
      try {
        return await measured(statement, () => admin.run(statement, signal));
      } finally {
        await admin.logout(deadlineSignal(LOGOUT_MS));
      }
    },
    async [Symbol.asyncDispose]() {
      closed.abort();
      const signal = deadlineSignal(LOGOUT_MS);
      await Promise.all([...sessions, admin].map((session) => session.logout(signal)));
      await http[Symbol.asyncDispose]();
    },
  };
}

/** An answer of SQL, good or bad, comes from an IRIS that works. */
function isTrouble(error: unknown): boolean {
  return !(error instanceof IrisFault && error.sqlcode !== undefined);
}
