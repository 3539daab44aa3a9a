import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterAll, describe, expect, test } from 'vitest';
import { icuConfig } from '../../config.ts';
import { featuresOf } from '../../domain/cohort.ts';
import { defaultCohort } from '../../domain/synthetic-cohort.ts';
import { recordingProxy } from '../../testing/recording-proxy.ts';
import { icuAssessmentCases } from '../icu-model-cases.ts';
import type { Row } from './atelier-answer.ts';
import { irisEngine } from './iris-engine.ts';
import { IrisFault } from './iris-fault.ts';
import { openIrisSql } from './iris-sql.ts';
import { modelStatements } from './statements.ts';

/** The cases of the port and the open questions of docs/iris.md on a real IRIS that is there for tests alone: rows of
 *  the synthetic patients are written to it, and a model is trained. */
const { iris, dataDir } = icuConfig(process.env);
if (!iris)
  throw new Error('Expected IRIS_URL, IRIS_USER and IRIS_PASSWORD of an IRIS that is there for tests');

const proxy = await recordingProxy(iris.url);
const settings = { ...iris, url: proxy.url, deadlineMs: 60_000 };
const logger = pino({ level: 'warn' });
const patients = defaultCohort().patients.map(({ id, observations }) => ({
  id,
  features: featuresOf(observations),
}));
const statements = modelStatements(settings.model);
const open = () => irisEngine(settings, new Registry(), logger);

afterAll(async () => {
  const folder = join(dataDir, 'iris-recordings');
  const file = join(folder, `${new Date().toISOString().replaceAll(':', '-')}.json`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, `${JSON.stringify(proxy.recorded, null, 2)}\n`);
  console.log(`Recorded: ${file}`);
  await proxy[Symbol.asyncDispose]();
});

icuAssessmentCases(() => ({
  open: async () => open(),
  patients,
  [Symbol.asyncDispose]: async () => undefined,
}));

test('(iii) a training by name over this API ends in a version that answers', async () => {
  await using model = open();
  const id = `live_${Date.now()}`;
  expect(await model.train(id)).toMatchObject({ id });
  const state = async () => (await model.training(id))?.state;
  await expect.poll(state, { timeout: 12 * 60_000, interval: 2_000 }).not.toBe('RUNNING');
  expect(await model.training(id)).toMatchObject({ state: 'SUCCEEDED', error: null });
  expect((await model.versions())[0]?.version.toLowerCase()).toBe(`${settings.model}_${id}`.toLowerCase());
});

describe('open questions: the answers are printed and recorded', () => {
  const ask = async (sql: string, parameters: (string | number | null)[] = []) => {
    await using client = openIrisSql(settings, new Registry(), logger);
    try {
      return await client.query({ name: 'question', sql, parameters, most: 100 });
    } catch (error) {
      if (error instanceof IrisFault) return error;
      throw error;
    }
  };
  const told = (question: string, answer: Row[] | IrisFault) => {
    const { status } = proxy.recorded.findLast(({ request }) => request.method === 'POST') ?? {};
    const found =
      answer instanceof IrisFault
        ? { kind: answer.kind, sqlcode: answer.sqlcode }
        : answer.map((row) => Object.fromEntries(row));
    console.log(`${question} HTTP ${status} ${JSON.stringify(found)}`);
    return answer;
  };
  const version = async () => {
    await using model = open();
    return (await model.versions())[0]?.version ?? '';
  };

  test('(i) SQL NULL in a row', async () => {
    const sql =
      'SELECT TOP 1 CAST(NULL AS DOUBLE) AS NoNumber, CAST(NULL AS VARCHAR(9)) AS NoText FROM Icu.Observation';
    expect(told('(i) NULL:', await ask(sql))).toHaveLength(1);
  });

  test('(i) a parameter of null is NULL in the table', async () => {
    const sql = 'SELECT COUNT(*) AS N FROM Icu.Observation WHERE PatientId = ? AND Lactate IS NULL';
    await using model = open();
    await model.patientChanged({ id: '1', features: new Map([['spo2', 96]]) });
    const rows = told('(i) null as a parameter:', await ask(sql, ['1']));
    expect(rows).toHaveLength(1);
  });

  test('(ii) CAST(? AS DOUBLE) under PREDICT in a derived table', async () => {
    const { sql, parameters } = statements.assessValues(await version(), new Map([['spo2', 90]]));
    told('(ii) derived table:', await ask(sql, [...parameters]));
  });

  test('(iv) a prediction that fails while rows are fetched', async () => {
    const sql = `SELECT PatientId AS Patient, PROBABILITY(${settings.model} FOR 7) AS Probability FROM Icu.Observation WHERE PatientId = ?`;
    told('(iv) unknown label:', await ask(sql, ['1']));
  });

  test('(v) the JSON type of PREDICT', async () => {
    const { sql, parameters } = statements.assess(await version(), ['1']);
    expect(told('(v) PREDICT:', await ask(sql, [...parameters]))).toHaveLength(1);
  });

  test('(vi) a model that was never trained', async () => {
    told(
      '(vi) CREATE MODEL:',
      await ask('CREATE MODEL RadiographLive PREDICTING (IcuLater INTEGER) FROM Icu.Training'),
    );
    told('(vi) untrained:', await ask('SELECT TOP 1 PREDICT(RadiographLive) AS P FROM Icu.Observation'));
    told('(vi) DROP MODEL:', await ask('DROP MODEL RadiographLive'));
  });

  test('(vii) max on version 1, (viii) the status of a SQL error', async () => {
    const post = async (query: string) => {
      const basic = Buffer.from(`${settings.user}:${settings.password}`).toString('base64');
      const answer = await fetch(
        `${proxy.url}/api/atelier/v1/${encodeURIComponent(settings.namespace)}/action/query?max=1`,
        {
          method: 'POST',
          headers: {
            authorization: `Basic ${basic}`,
            'content-type': 'application/json',
            accept: 'application/json',
          },
          body: JSON.stringify({ query }),
        },
      );
      const cookies = answer.headers.getSetCookie().map((line) => line.split(';')[0]);
      const body = (await answer.json()) as { result?: { content?: unknown[] } };
      const headers = { cookie: cookies.join('; ') };
      await fetch(`${proxy.url}/api/atelier/?CacheLogout=end`, { method: 'HEAD', headers });
      return { status: answer.status, rows: body.result?.content?.length };
    };
    console.log(
      '(vii) rows with max=1:',
      await post('SELECT TOP 3 PatientId AS Patient FROM Icu.Observation'),
    );
    console.log('(viii) a table that is not there:', await post('SELECT A AS A FROM Icu.NoSuchTable'));
  });
});
