import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** Known traps of IRIS, IntegratedML and the Atelier API, and the test that holds each off: its file and its name. */
const SQL = 'iris-sql.test.ts';
const ENGINE = 'iris-engine.test.ts';
const TRAINING = 'iris-training.test.ts';
const SHAPES = 'wire-shapes.test.ts';
const IMAGE = '../../../../deploy/iris/iris-image.test.ts';
const CONFIG = '../../config.test.ts';
const SUBGRAPH = '../../icu-iris.int.test.ts';

const TRAPS: [trap: string, file: string, name: string][] = [
  ['a client without cookies', SHAPES, 'cookies, both of them, are shown'],
  ['first calls that log in side by side', SQL, 'fifty at once hold two sessions'],
  [
    'requests of a session are done one after another',
    SQL,
    'a long statement on the session for trainings holds up nobody',
  ],
  [
    'eight connections of a Community licence',
    SUBGRAPH,
    'two hundred patients of one query cost IRIS three statements',
  ],
  ['sessions that are not given back', SQL, 'closing gives every slot back'],
  ['a health check that takes a slot each time', IMAGE, 'holds no licence slot afterwards'],
  ['stale cookies', SQL, 'after the end of sessions it logs in anew'],
  ['cookies of a server that restarted', SQL, 'a connection that breaks takes the cookies with it'],
  ['200 with an error', SQL, 'in the spelling of either driver, with 200 or with 500'],
  [
    'the status of SQL errors differs by source',
    SQL,
    'in the spelling of either driver, with 200 or with 500',
  ],
  ['errors as texts, 401 in HTML, 403 without errors', SHAPES, 'every shape is looked at'],
  ['a summary that is escaped for HTML', SHAPES, 'every shape is looked at'],
  ['licences that are used up', SQL, 'without a licence slot it is a fault that passes'],
  ['text/plain as the default type of a body', SQL, 'requests have the headers that IRIS wants'],
  ['% in the name of a namespace', SQL, 'a namespace with a percent sign'],
  ['no count of rows after DML, in several forms', SQL, 'a statement without rows may come back in any form'],
  ['another case in names of columns', SQL, 'names may come in another case'],
  ['no positional form before version 6', SHAPES, 'server-info tells the highest version'],
  ['NULL as null, as an empty text or not at all', ENGINE, 'is a fault, never a risk of nought'],
  ['numbers as texts', ENGINE, 'predictions may come as texts'],
  ['no row is not "no risk"', ENGINE, 'a stored row that does not come back'],
  ['slicing on our side is no limit', SQL, 'a body without end is not read to its end'],
  [
    'fetch gives up on a training after 300 s, gateways sooner',
    TRAINING,
    'so does one that ends for us with',
  ],
  ['a training whose answer is lost', TRAINING, 'is looked for by name and is never sent again'],
  ['a run that is not listed at first', TRAINING, 'one that is not listed at first runs'],
  ['a run that stays "training" for ever', TRAINING, 'was cut off, and holds up no other'],
  ['RUN_STATUS in another case', TRAINING, 'was cut off, and holds up no other'],
  ['a missing provider', TRAINING, 'a refusal is told in words of our own'],
  [
    'MaxTime counts minutes, and with TrainMode TIME alone',
    TRAINING,
    'is looked for by name and is never sent again',
  ],
  ['an integer label taken for a regression', TRAINING, 'is looked for by name and is never sent again'],
  ['names of models cannot be parameters', ENGINE, 'never becomes part of a statement'],
  [
    'names of models have no schema and few letters',
    CONFIG,
    'is refused by name, and its value is not repeated',
  ],
  ['literals and long lists multiply cached queries', ENGINE, 'so that IRIS keeps few cached queries'],
  [
    'parameters without a type, or in a common table expression',
    ENGINE,
    'need no row in a derived table, with a type for each',
  ],
  ['a derived table that is refused', ENGINE, 'go by a row from then on'],
  ['an untrained model', ENGINE, 'a model that is missing, or was never trained'],
  ['a label that was never seen', SQL, 'a label that the training never saw'],
  ['ids, labels and rows without an outcome as features', IMAGE, 'the model learns from no id'],
  ['errors in init scripts that do not fail the build', IMAGE, 'fails when the step'],
  ['images that expire, and `latest`, which does not start', IMAGE, 'the profile iris of the compose file'],
  ['a training that hangs without its package', IMAGE, 'every script is sound to bash'],
  ['no port 52773 on enterprise images', SQL, 'a path before the API'],
];

/* Avoided by design:
 * SET ML CONFIGURATION per process, ML_CONFIGURATIONS: the default provider is used, settings stand on TRAIN.
 * DROP MODEL IF EXISTS: nothing is dropped.
 * CALL: no procedure is called.
 * WITH {a = b} or (a = b): columns are matched by name, without WITH.
 * LOAD DATA needs Java, csvgen guesses types: rows are INSERT statements.
 * native drivers block the loop or end the process: HTTP alone.
 * pgwire drops USING: HTTP alone.
 * passwords that must be changed first: an account of its own is made at each start.
 * leakage by WINDOW, scaled values, licence of the data set: the image holds the synthetic cohort alone.
 * select mode of timestamps: IRIS computes ages itself. */

test.each(TRAPS)('%s', (_trap, file, name) => {
  const source = readFileSync(join(import.meta.dirname, file), 'utf8');
  const names = [...source.matchAll(/\b(?:test|it)(?:\.each\([\s\S]*?\))?\(\s*(['"`])(.*?)\1,/g)].map(
    (one) => one[2],
  );
  const found = names.filter((one) => one?.includes(name)).length;
  expect(found, `${name} in ${file}`).toBe(1);
});
