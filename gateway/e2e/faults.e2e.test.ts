import { expect, test } from 'vitest';
import { freePort } from '#common/testing/programs.ts';
import { type Answer, ask, picture, startSystem, upload } from './system.ts';

const UPLOAD = `mutation ($files: [Upload!]!) { radiographUpload(input: { files: $files, patientId: "5" }) {
  jobs { id } userErrors { code } } }`;
const READ = `query ($id: ID!) { job(id: $id) { state radiograph { id width classification { decision }
  heatmap { image { url } } patient { id icuRisk { probability } } } } }`;

async function finishedJob(url: string, seed: number): Promise<string> {
  const { data } = await upload(url, UPLOAD, [await picture('png', seed)]);
  const id =
    (data as unknown as { radiographUpload: { jobs: { id: string }[] } }).radiographUpload.jobs[0]?.id ?? '';
  const state = () => ask(url, 'query ($id: ID!) { job(id: $id) { state } }', { id });
  await expect.poll(state, { timeout: 15_000 }).toMatchObject({ data: { job: { state: 'SUCCEEDED' } } });
  return id;
}

/** A message may not tell where a service runs or what it is made of. */
function expectNothingInner({ errors }: Answer): void {
  expect(JSON.stringify(errors)).not.toMatch(
    /127\.0\.0\.1|localhost|:\d{4,5}|ECONN|node_modules|\bat .+:\d+|stacktrace/,
  );
}

test('with a dead ICU service the finding and the heatmap are still answered', async () => {
  await using system = await startSystem({ icu: 'dead' });
  const answer = await ask(system.url, READ, { id: await finishedJob(system.url, 21) });
  expect(answer).toMatchObject({
    data: {
      job: {
        radiograph: {
          classification: { decision: expect.any(String) },
          heatmap: { image: { url: expect.any(String) } },
          patient: { id: '5', icuRisk: null },
        },
      },
    },
    errors: [{ extensions: { code: 'ICU_UNAVAILABLE' } }],
  });
  expectNothingInner(answer);
});

test('with a dead IRIS the finding and the heatmap are still answered, and so is all else of the patient', async () => {
  const iris = `http://127.0.0.1:${await freePort()}`;
  await using system = await startSystem({
    icuSettings: { IRIS_URL: iris, IRIS_USER: 'icu_app', IRIS_PASSWORD: 'Correct-horse-9' },
  });
  const id = await finishedJob(system.url, 25);
  // Long enough for IRIS to be left alone.
  for (let i = 0; i < 5; i++) {
    const answer = await ask(system.url, READ, { id });
    expect(answer).toMatchObject({
      data: {
        job: {
          radiograph: {
            classification: { decision: expect.any(String) },
            heatmap: { image: { url: expect.any(String) } },
            patient: { id: '5', icuRisk: null },
          },
        },
      },
      errors: [{ extensions: { code: 'ICU_UNAVAILABLE' } }],
    });
    expectNothingInner(answer);
  }
  const chart = '{ patient(id: "5") { observations(first: 1) { code } icuRisk { probability } } }';
  expect(await ask(system.url, chart)).toMatchObject({
    data: { patient: { observations: [{ code: expect.any(String) }], icuRisk: null } },
  });
  expect((await fetch(`${system.url}/readyz`)).status).toBe(200);
});

test('with a dead heatmap service the finding and the risk are still answered', async () => {
  await using system = await startSystem({ heatmap: 'dead' });
  const answer = await ask(system.url, READ, { id: await finishedJob(system.url, 22) });
  expect(answer).toMatchObject({
    data: {
      job: { radiograph: { heatmap: null, patient: { icuRisk: { probability: expect.any(Number) } } } },
    },
    errors: [{ extensions: { code: 'OVERLOADED' } }],
  });
  expectNothingInner(answer);
});

test('a service that stays dead is left alone, and the rest is answered at once all the while', {
  timeout: 60_000,
}, async () => {
  await using system = await startSystem({ icu: 'dead' });
  const id = await finishedJob(system.url, 24);
  const partial = {
    data: {
      job: { radiograph: { classification: { decision: expect.any(String) }, patient: { icuRisk: null } } },
    },
    errors: [{ extensions: { code: 'ICU_UNAVAILABLE' } }],
  };
  const state = async () => {
    expect(await ask(system.url, READ, { id })).toMatchObject(partial);
    return (await fetch(`${system.url}/metrics`)).text();
  };
  await expect.poll(state, { timeout: 30_000 }).toMatch(/^subgraph_breaker_state{.*subgraph="icu".*} 2$/m);
  expect(await state()).toMatch(/^subgraph_fetch_seconds_count{.*subgraph="icu",outcome="refused".*} \d+$/m);
});

test('a service that hangs costs the time limit and its own fields alone', async () => {
  await using system = await startSystem({ icu: 'hung', requestMs: 1_500 });
  const answer = await ask(system.url, READ, { id: await finishedJob(system.url, 23) });
  expect(answer).toMatchObject({
    data: {
      job: { radiograph: { classification: { decision: expect.any(String) }, patient: { icuRisk: null } } },
    },
    errors: [{ extensions: { code: 'DEADLINE_EXCEEDED' } }],
  });
  expectNothingInner(answer);
});

test('without imaging the gateway is alive, not ready, and says so with a code', async () => {
  await using system = await startSystem({ imaging: 'dead' });
  const answer = await ask(system.url, '{ radiographs { nodes { id } } }');
  expect(answer).toMatchObject({ data: null, errors: [{ extensions: { code: 'OVERLOADED' } }] });
  expectNothingInner(answer);
  expect((await fetch(`${system.url}/healthz`)).status).toBe(200);
  const ready = await fetch(`${system.url}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.json()).toMatchObject({ subgraphs: { imaging: 'unreachable', icu: 'ready' } });
});

test('a subscription ends with an error when its service is gone', { timeout: 30_000 }, async () => {
  await using system = await startSystem({ imaging: 'dead' });
  const answer = await fetch(`${system.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: 'subscription { jobStatus(id: "1") { state } }' }),
  });
  const text = await answer.text();
  expect(text).toContain('"code":"OVERLOADED"');
  expect(text).toContain('event: complete');
});
