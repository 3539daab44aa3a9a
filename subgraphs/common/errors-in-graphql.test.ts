import { GraphQLError } from 'graphql';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { ERROR_CODES, RadiographError } from './errors.ts';
import { publicError, publicErrors, userError } from './errors-in-graphql.ts';

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/;
const PUBLIC_CODES = ERROR_CODES.filter((code) => code !== 'INTERNAL');
const PLACE = { path: ['patient', 'icuRisk'], locations: [{ line: 1, column: 3 }] };

/** A log that keeps its lines. */
function aLog() {
  const lines: string[] = [];
  return { logger: pino({ level: 'trace' }, { write: (line: string) => lines.push(line) }), lines };
}

/** As the GraphQL server does: what a resolver threw, at its place, with the server's code beside it. */
function thrownInResolver(thrown: Error) {
  const { logger, lines } = aLog();
  const error = new GraphQLError(thrown.message, { path: PLACE.path, originalError: thrown });
  const code = error.extensions.code ?? 'INTERNAL_SERVER_ERROR';
  const formatted = { message: thrown.message, ...PLACE, extensions: { code, stacktrace: [thrown.stack] } };
  return { answer: publicError(formatted, error, logger), lines };
}

const SECRETS = [
  'SQLITE_CONSTRAINT: UNIQUE constraint failed: patient.number',
  "SELECT * FROM patient WHERE name = 'Jane Doe'",
  "ENOENT: no such file or directory, open '/srv/radiograph/keys/master.key'",
  'connect ECONNREFUSED 10.0.3.7:4003',
  'getaddrinfo ENOTFOUND model.hospital.internal',
];

describe('what was not meant to be seen', () => {
  test.each(SECRETS)('becomes INTERNAL with a reference: %s', (message) => {
    const cause = new Error(message);
    for (const thrown of [
      cause,
      new TypeError(message, { cause }),
      new RadiographError('INTERNAL', message),
    ]) {
      const { answer, lines } = thrownInResolver(thrown);
      const reference = UUID.exec(answer.message)?.[0];
      expect(answer).toEqual({
        message: `Something went wrong on our side. Quote this reference: ${reference}`,
        ...PLACE,
        extensions: { code: 'INTERNAL', reference },
      });
      expect(JSON.stringify(answer)).not.toContain(message.slice(0, 12));
      expect(lines).toHaveLength(1);
      expect(JSON.parse(lines[0] ?? '')).toMatchObject({
        level: 50,
        reference,
        err: { message: expect.stringContaining(message) },
      });
    }
  });

  test('is masked when it is no error at all', () => {
    const { logger } = aLog();
    for (const thrown of ['/srv/radiograph', { sql: 'SELECT' }, null, undefined, 7]) {
      const answer = publicError({ message: String(thrown) }, thrown, logger);
      expect(answer.extensions?.code).toBe('INTERNAL');
      expect(answer.message).toMatch(UUID);
      expect(JSON.stringify(answer)).not.toMatch(/srv|SELECT/);
    }
  });

  test('is masked when it brings a code that is not ours', () => {
    for (const code of ['ECONNREFUSED', 'SQLITE_BUSY', 'DOWNSTREAM_SERVICE_ERROR', 42, null]) {
      const thrown = Object.assign(new Error('at 10.0.3.7'), { extensions: { code, host: '10.0.3.7' } });
      const { answer } = thrownInResolver(thrown);
      expect(answer.extensions).toEqual({ code: 'INTERNAL', reference: expect.stringMatching(UUID) });
      expect(JSON.stringify(answer)).not.toContain('10.0.3.7');
    }
  });

  test('has another reference each time', () => {
    const references = Array.from({ length: 20 }, () => thrownInResolver(new Error('x')).answer.message);
    expect(new Set(references).size).toBe(20);
  });
});

describe('what is meant to be seen', () => {
  test.each(PUBLIC_CODES)('%s keeps its sentence and its place, and no more', (code) => {
    const { answer, lines } = thrownInResolver(new RadiographError(code, 'Expected this, got that'));
    expect(answer).toEqual({ message: 'Expected this, got that', ...PLACE, extensions: { code } });
    expect(lines).toEqual([]);
  });

  test('its cause goes to the log alone', () => {
    const cause = new Error('connect ECONNREFUSED 10.0.3.7:8500');
    const thrown = new RadiographError('MODEL_UNAVAILABLE', 'No model answers', { cause });
    const { answer, lines } = thrownInResolver(thrown);
    expect(answer).toEqual({
      message: 'No model answers',
      ...PLACE,
      extensions: { code: 'MODEL_UNAVAILABLE' },
    });
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 40, code: 'MODEL_UNAVAILABLE', err: { message: cause.message } },
    ]);
  });

  test('a known code of a federated answer passes without what else it carried', () => {
    const { logger } = aLog();
    const extensions = { code: 'NOT_FOUND', serviceName: 'icu', stacktrace: ['at /srv'], url: 'http://icu' };
    const formatted = { message: 'There is no patient with this id', ...PLACE, extensions };
    const error = new GraphQLError(formatted.message, { extensions });
    expect(publicError(formatted, error, logger)).toEqual({
      message: formatted.message,
      ...PLACE,
      extensions: { code: 'NOT_FOUND' },
    });
  });

  test('a federated INTERNAL keeps the reference under which the subgraph has the cause', () => {
    const { logger, lines } = aLog();
    const inner = thrownInResolver(new Error('SELECT')).answer;
    const extensions = { ...inner.extensions, serviceName: 'icu' };
    const outer = publicError(
      { ...inner, extensions },
      new GraphQLError(inner.message, { extensions }),
      logger,
    );
    expect(outer).toEqual(inner);
    expect(lines.join()).toContain(String(inner.extensions?.reference));
  });

  test('a federated INTERNAL without a reference gets one, and its sentence is not shown', () => {
    const { logger } = aLog();
    for (const reference of [undefined, null, { $ne: 1 }, ['x']]) {
      const extensions = { code: 'INTERNAL', reference };
      const answer = publicError({ message: 'SELECT', extensions }, new GraphQLError('SELECT'), logger);
      expect(answer.extensions?.reference).toMatch(UUID);
      expect(answer.message).not.toContain('SELECT');
    }
  });

  test.each([
    ['GRAPHQL_PARSE_FAILED', 'GRAPHQL_PARSE_FAILED'],
    ['GRAPHQL_VALIDATION_FAILED', 'GRAPHQL_VALIDATION_FAILED'],
    ['BAD_REQUEST', 'BAD_USER_INPUT'],
    ['PERSISTED_QUERY_NOT_FOUND', 'BAD_USER_INPUT'],
    ['OPERATION_RESOLUTION_FAILURE', 'BAD_USER_INPUT'],
  ])('the server’s own %s is told as %s', (code, told) => {
    const { logger } = aLog();
    const error = new GraphQLError('Syntax Error', { extensions: { code } });
    const answer = publicError(error.toJSON(), error, logger);
    expect(answer).toEqual({ message: 'Syntax Error', extensions: { code: told } });
  });
});

test('errors of a stream are masked alike and can write themselves', () => {
  const { logger } = aLog();
  const known = new RadiographError('NOT_FOUND', 'There is no job with this id');
  const errors = [
    new GraphQLError('x', { path: ['jobStatus'], originalError: known }),
    new GraphQLError('open /srv/keys', { path: ['jobStatus'], originalError: new Error('open /srv/keys') }),
    { message: 'connect 10.0.3.7', path: ['jobStatus'] },
  ];
  const written = publicErrors(errors, logger).map((error) => error.toJSON());
  const internal = { path: ['jobStatus'], extensions: { code: 'INTERNAL', reference: expect.any(String) } };
  expect(written).toMatchObject([
    { message: known.message, path: ['jobStatus'], extensions: { code: 'NOT_FOUND' } },
    internal,
    internal,
  ]);
  expect(JSON.stringify(written)).not.toMatch(/srv|10\.0\.3\.7/);
});

describe('userErrors', () => {
  test('hold a fault of the input, its field as text', () => {
    const error = new RadiographError('FILE_TOO_LARGE', 'Expected at most 2 MB', {
      cause: new Error('/srv'),
    });
    expect(userError(error, ['input', 'files', 3])).toEqual({
      code: 'FILE_TOO_LARGE',
      message: 'Expected at most 2 MB',
      field: ['input', 'files', '3'],
    });
  });

  test('never hold a fault of the system: it is thrown on as it was', () => {
    for (const error of [
      new Error('SQLITE_BUSY'),
      new RadiographError('INTERNAL', 'SELECT'),
      new TypeError('x'),
    ])
      expect(() => userError(error, ['input'])).toThrow(error);
  });
});

test('when to try again is told, by the one who throws it and by the one who passes it on', () => {
  const { answer } = thrownInResolver(
    new RadiographError('OVERLOADED', 'Too many wait', { retryAfterSeconds: 10 }),
  );
  expect(answer.extensions).toEqual({ code: 'OVERLOADED', retryAfterSeconds: 10 });
  const { logger } = aLog();
  expect(publicError(answer, new GraphQLError('passed on'), logger).extensions).toEqual(answer.extensions);
  const odd = { ...answer, extensions: { code: 'OVERLOADED', retryAfterSeconds: 'soon' } };
  expect(publicError(odd, new GraphQLError('odd'), logger).extensions).toEqual({ code: 'OVERLOADED' });
});
