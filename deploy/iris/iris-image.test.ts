import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtempDisposable, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { program } from '#common/testing/programs.ts';
import { modelStatements } from '../../subgraphs/icu/engines/iris/statements.ts';
import { ACCOUNT, refusal } from '../../subgraphs/icu/testing/fake-iris.ts';
import { fakeIrisDatabase } from '../../subgraphs/icu/testing/fake-iris-database.ts';
import { fakePlace } from '../../subgraphs/icu/testing/fake-iris-place.ts';

const HERE = import.meta.dirname;
const ROOT = join(HERE, '../..');
const read = (path: string) => readFile(join(ROOT, path), 'utf8');

async function run(command: string, args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { code: code as number, out, err };
}

/** SQL of the script, as ObjectScript quotes it. */
const sqlOf = (script: string) =>
  [...script.matchAll(/%ExecDirect\(,"((?:[^"]|"")*)"\)/g)].map(([, sql = '']) => sql.replaceAll('""', '"'));
const stepsOf = (script: string) => [
  ...[...script.matchAll(/"STEP (\w+) "/g)].flatMap(([, name]) => name ?? []),
  ...(/for name=([^{]*) \{/.exec(script)?.[1]?.replaceAll('"', '').split(',') ?? []),
];

test('the profile iris of the compose file builds this image and publishes nothing', async () => {
  const { services } = parse(await read('docker-compose.yml'), { merge: true });
  const { iris, icu } = services;
  expect(iris.profiles).toEqual(['iris']);
  expect(iris.ports).toBeUndefined();
  expect(iris.build.dockerfile).toBe('deploy/iris/Dockerfile');
  const dockerfile = await read('deploy/iris/Dockerfile');
  const [, image] = /^ARG IRIS_IMAGE=(\S+)$/m.exec(dockerfile) ?? [];
  expect(image).toMatch(/:\d{4}\.\d$/);
  expect(iris.build.args.IRIS_IMAGE).toBe(`\${IRIS_IMAGE:-${image}}`);
  expect(icu.environment).toMatchObject({
    ...{ IRIS_URL: expect.stringContaining('IRIS_URL:-}'), ...iris.environment },
    IRIS_PASSWORD_FILE: '/run/secrets/iris-password',
  });
  expect([icu.secrets, iris.secrets]).toEqual([['iris-password'], ['iris-password']]);
});

test('every script is sound to bash, and the image has all that it copies and runs', async () => {
  const files = await readdir(HERE);
  const scripts = files.filter((name) => name.endsWith('.sh'));
  expect(scripts.length).toBeGreaterThan(3);
  for (const name of scripts)
    expect(await run('bash', ['-n', join(HERE, name)]), name).toMatchObject({ code: 0, err: '' });
  const dockerfile = await read('deploy/iris/Dockerfile');
  for (const [, name = ''] of dockerfile.matchAll(/\/opt\/icu\/([\w-]+\.\w+)/g))
    expect(files).toContain(name);
  expect(dockerfile.indexOf("import iris_automl'")).toBeLessThan(dockerfile.indexOf('build-model.sh'));
});

describe('what the image is filled with', () => {
  const database = async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'iris-'));
    const made = await run(process.execPath, [join(ROOT, 'subgraphs/icu/engines/iris/main.ts'), folder.path]);
    expect(made).toMatchObject({ code: 0, err: '' });
    const lines = async (name: string) =>
      (await readFile(join(folder.path, name), 'utf8')).trimEnd().split('\n');
    const [schema, rows, grants] = await Promise.all(['schema.sql', 'rows.sql', 'grants.sql'].map(lines));
    const db = fakeIrisDatabase();
    for (const sql of [...(schema ?? []), ...(rows ?? [])])
      expect(await db.execute(sql, [])).not.toHaveProperty('error');
    return { db, schema: schema ?? [], rows: rows ?? [], grants: grants ?? [] };
  };

  test('statements are accepted one by one, and the script expects as many', async () => {
    const { db, schema, rows, grants } = await database();
    const script = await read('deploy/iris/init.script');
    const counts = `"schema":${schema.length},"rows":${rows.length},"grants":${grants.length}`;
    expect(script).toContain(`$case(name,${counts})`);
    expect(db.read('SELECT count(*) AS n FROM Icu.Observation')).toEqual([{ n: 1_700 }]);
    db[Symbol.dispose]();
  });

  test('the model learns from no id, no row without an outcome and nobody of the holdout', async () => {
    const { db } = await database();
    const one = (sql: string) => db.read(sql)[0];
    const [row = {}] = db.read('SELECT * FROM Icu.Training LIMIT 1');
    expect(Object.keys(row)).not.toContain('PatientId');
    expect(Object.keys(row)).not.toContain('RowDigest');
    expect(Object.keys(row).at(-1)).toBe('IcuLater');
    expect(one('SELECT count(*) AS n, count(IcuLater) AS labels FROM Icu.Training')).toEqual({
      n: 1_125,
      labels: 1_125,
    });
    expect(one('SELECT count(*) AS n, count(DISTINCT IcuLater) AS labels FROM Icu.Holdout')).toEqual({
      n: 375,
      labels: 2,
    });
    const shown =
      "SELECT count(*) AS n, count(IcuLater) AS labels FROM Icu.Observation WHERE PatientId NOT LIKE 't%'";
    expect(one(shown)).toEqual({ n: 200, labels: 0 });
    db[Symbol.dispose]();
  });

  test('the script creates and trains the model of the engine, and sees it answer', async () => {
    const { db } = await database();
    const [create = '', train = '', validate, predict = ''] = sqlOf(await read('deploy/iris/init.script'));
    expect(await db.execute(create, [])).not.toHaveProperty('error');
    expect(await db.execute(predict, [])).toMatchObject({ error: expect.stringMatching(/-191/) });
    expect(train).toBe(modelStatements('IcuAdmission').train('IcuAdmission_seed').sql);
    expect(await db.execute(train, [])).not.toHaveProperty('error');
    expect(validate).toBe('VALIDATE MODEL IcuAdmission FROM Icu.Holdout');
    expect(await db.execute(predict, [])).toMatchObject({ rows: [{ Probability: expect.any(Number) }] });
    db[Symbol.dispose]();
  });

  test('its account gets one role, which may do what the engine asks and no more', async () => {
    const { db, grants } = await database();
    db[Symbol.dispose]();
    const roles = new Set(grants.map((sql) => / TO (\w+)$/.exec(sql)?.[1]));
    expect(roles).toEqual(new Set(['RadiographIcu']));
    for (const file of ['init.script', 'account.script']) {
      const script = await read(`deploy/iris/${file}`);
      expect(script).toContain('"RadiographIcu"');
      expect(script).not.toMatch(/%All/i);
    }
    const { assess, keepForNow, remove, store } = modelStatements('M');
    const asked = [
      assess('M', ['1']),
      keepForNow('a', 0, new Map()),
      remove('a'),
      store({ id: '1', features: new Map() }),
    ];
    for (const { sql } of asked) {
      const [, table] = /(?:FROM|INTO|UPDATE) (Icu\.\w+)/.exec(sql) ?? [];
      const verbs = sql.startsWith('INSERT OR UPDATE') ? ['INSERT', 'UPDATE'] : [sql.split(' ')[0] ?? ''];
      const grant = grants.find((one) => one.includes(` ON ${table} TO`));
      for (const verb of verbs) expect(grant, sql.slice(0, 40)).toContain(verb);
    }
  });
});

/** A program `iris` whose sessions print `log`, and which notes how it was called. */
async function withIris(log: string, script: string, passwordFile = '') {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'iris-'));
  const calls = join(folder.path, 'calls');
  const log_ = join(folder.path, 'log');
  await writeFile(log_, log);
  const body = `#!/bin/sh\necho "$@" >> ${calls}\nif [ "$1" = session ]; then echo "$IRIS_PASSWORD" >> ${folder.path}/password; cat > ${folder.path}/input; cat ${log_}; exit 3; fi\n`;
  await writeFile(join(folder.path, 'iris'), body);
  await chmod(join(folder.path, 'iris'), 0o755);
  const ended = await run('bash', [join(HERE, script)], {
    ...{ PATH: `${folder.path}:${process.env.PATH}`, IRIS_PASSWORD_FILE: passwordFile },
  });
  const password = (await readFile(join(folder.path, 'password'), 'utf8')).trimEnd();
  const input = await readFile(join(folder.path, 'input'), 'utf8');
  return { ...ended, input, password, calls: (await readFile(calls, 'utf8')).trimEnd().split('\n') };
}

describe('building the model', () => {
  const logOf = (steps: readonly string[]) =>
    ['%SYS>', ...steps.map((name) => `\nSTEP ${name} OK SQLCODE 0`), 'USER>'].join('\n');

  test('succeeds when every step of the script did, and stops IRIS', async () => {
    const script = await read('deploy/iris/init.script');
    const built = await withIris(logOf(stepsOf(script)), 'build-model.sh');
    expect(built).toMatchObject({ code: 0, input: script });
    expect(built.calls).toEqual(['start IRIS', 'session IRIS', 'stop IRIS quietly']);
  });

  test.each(['role', 'schema', 'rows', 'grants', 'create', 'train', 'validate', 'predict'])(
    'fails when the step %s failed, or did not come',
    async (step) => {
      const script = await read('deploy/iris/init.script');
      const log = logOf(stepsOf(script));
      const failed = await withIris(
        log.replace(`STEP ${step} OK SQLCODE 0`, `STEP ${step} FAILED SQLCODE -186`),
        'build-model.sh',
      );
      expect(failed.code).toBe(1);
      const missing = await withIris(log.replace(`STEP ${step} OK SQLCODE 0`, '<SYNTAX>'), 'build-model.sh');
      expect(missing).toMatchObject({ code: 1, err: expect.stringContaining(step) });
      expect(missing.calls.at(-1)).toBe('stop IRIS quietly');
    },
  );

  test('the account is made at the start, and a start without it fails', async () => {
    const made = await withIris('\nSTEP account OK\n', 'after-start.sh');
    expect(made).toMatchObject({ code: 0, input: await read('deploy/iris/account.script') });
    expect((await withIris('\nSTEP account FAILED\n', 'after-start.sh')).code).toBe(1);
  });

  test('its password may stand in a file', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'secret-'));
    const file = join(folder.path, 'password');
    await writeFile(file, 'from a file\n');
    expect((await withIris('\nSTEP account OK\n', 'after-start.sh', file)).password).toBe('from a file');
  });
});

const curl = program('curl');
if (!curl) console.warn('Skipped: the health check, since there is no curl');
describe.skipIf(!curl)('the health check', () => {
  const check = (url: string, password = ACCOUNT.password) =>
    run('bash', [join(HERE, 'healthcheck.sh')], {
      ...{ HEALTH_URL: url, IRIS_USER: ACCOUNT.user, IRIS_PASSWORD: password },
    });

  test('is passed when the model answers, and holds no licence slot afterwards', async () => {
    await using place = await fakePlace();
    for (let i = 0; i < 10; i += 1) expect(await check(place.fake.url)).toMatchObject({ code: 0 });
    expect(place.fake.sessions).toMatchObject({ held: 0, most: 1 });
  });

  test('takes the password from a file too', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'secret-'));
    const IRIS_PASSWORD_FILE = join(folder.path, 'password');
    await writeFile(IRIS_PASSWORD_FILE, `${ACCOUNT.password}\n`);
    await using place = await fakePlace();
    const env = {
      HEALTH_URL: place.fake.url,
      IRIS_USER: ACCOUNT.user,
      IRIS_PASSWORD: '',
      IRIS_PASSWORD_FILE,
    };
    expect(await run('bash', [join(HERE, 'healthcheck.sh')], env)).toMatchObject({ code: 0 });
  });

  test('is not passed without a trained model, with a wrong account, or without IRIS', async () => {
    const place = await fakePlace();
    const { fake } = place;
    expect((await check(fake.url, 'wrong"\\')).code).not.toBe(0);
    fake.once(/PROBABILITY/, async () => refusal('SQLCODE: -400 Message: fatal error'));
    expect((await check(fake.url)).code).not.toBe(0);
    fake.database.read("DELETE FROM Icu.Observation WHERE PatientId = '1'");
    expect((await check(fake.url)).code).not.toBe(0);
    fake.database.read('UPDATE INFORMATION_SCHEMA.ML_MODELS SET DEFAULT_TRAINED_MODEL_NAME = NULL');
    expect((await check(fake.url)).code).not.toBe(0);
    expect(fake.sessions.held).toBe(0);
    await place[Symbol.asyncDispose]();
    expect((await check(fake.url)).code).not.toBe(0);
  });
});
