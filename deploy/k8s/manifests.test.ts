import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempDisposableSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { program } from '#common/testing/programs.ts';
import { gatewayConfig } from '../../gateway/config.ts';
import { servingConfig } from '../../serving/config.ts';
import { heatmapConfig } from '../../subgraphs/heatmap/config.ts';
import { icuConfig } from '../../subgraphs/icu/config.ts';
import { imagingConfig } from '../../subgraphs/imaging/config.ts';
import { manifestFaults, settingsOf } from './testing/manifest-faults.ts';
import { K8S, KUSTOMIZATIONS, type Manifest, manifestsOf } from './testing/manifests.ts';

const ROOT = join(K8S, '../..');
const TSC = join(ROOT, 'node_modules/.bin/tsc');
const kubectl = program('kubectl');
const base = manifestsOf(join(K8S, 'base'));
const find = (manifests: readonly Manifest[]) => (kind: string, name: string) =>
  manifests.find((one) => one.kind === kind && one.metadata.name === name);

/** Where the package of the API's types keeps a kind. */
function moduleOf({ apiVersion, kind }: Manifest): string {
  const home = apiVersion.startsWith('monitoring.coreos.com')
    ? '@kubernetes-models/prometheus-operator'
    : 'kubernetes-models';
  return `${home}/${apiVersion}/${kind}`;
}

/** Compiles manifests as literals of the API's types, which finds fields that are not there, and values of other types.
 *  @returns what the compiler says */
function compiled(manifests: readonly Manifest[]): string {
  using folder = mkdtempDisposableSync(join(ROOT, 'node_modules/.manifests-'));
  const source = manifests.map((one, i) => {
    const type = `import('${moduleOf(one)}').I${one.kind}`;
    return `export const manifest${i}: ${type} = ${JSON.stringify(one)};`;
  });
  const file = join(folder.path, 'manifests.ts');
  writeFileSync(file, source.join('\n'));
  const options = [
    '--noEmit',
    '--skipLibCheck',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2024',
    '--types',
    '',
  ];
  return spawnSync(TSC, ['--ignoreConfig', ...options, file], { encoding: 'utf8', cwd: folder.path }).stdout;
}

type Model = new (data: object) => { validate(): void };

async function validated(manifest: Manifest): Promise<void> {
  const models = (await import(moduleOf(manifest))) as Record<string, Model>;
  const KindOf = models[manifest.kind];
  if (!KindOf) throw new Error(`There is no kind ${manifest.kind}`);
  new KindOf(manifest).validate();
}

test('there is a base, and overlays over it', () => {
  expect(KUSTOMIZATIONS.map(({ name }) => name).sort()).toEqual(['base', 'gpu', 'monitoring']);
  expect(base.filter(({ kind }) => kind === 'Deployment')).toHaveLength(7);
});

test.each(KUSTOMIZATIONS)(
  '$name is valid by the schemas of the API',
  { timeout: 60_000 },
  async ({ folder }) => {
    const manifests = manifestsOf(folder);
    for (const one of manifests)
      await expect(validated(one), `${one.kind} ${one.metadata.name}`).resolves.toBeUndefined();
    expect(compiled(manifests)).toBe('');
  },
);

test('the schemas find what is wrong and what is not there', { timeout: 60_000 }, async () => {
  const icu = find(base)('Deployment', 'icu');
  if (!icu) throw new Error('Expected icu');
  const wrong = { ...icu, spec: { ...icu.spec, replicas: 'one' } } as unknown as Manifest;
  await expect(validated(wrong)).rejects.toThrow();
  await expect(validated({ ...icu, spec: { ...icu.spec, selector: undefined } } as never)).rejects.toThrow();
  const unknown = { ...icu, spec: { ...icu.spec, replicaz: 1 } } as unknown as Manifest;
  expect(compiled([wrong])).toContain('error TS2322');
  expect(compiled([unknown])).toContain('replicaz');
});

test('every file of the folders is part of one of them', () => {
  for (const { folder } of KUSTOMIZATIONS) {
    const { resources } = parse(readFileSync(join(folder, 'kustomization.yaml'), 'utf8'));
    const files = readdirSync(folder).filter(
      (name) => !['kustomization.yaml', 'adapter-rule.yaml'].includes(name),
    );
    expect(files.filter((name) => !resources.includes(name))).toEqual([]);
  }
});

test.each(KUSTOMIZATIONS)('$name keeps to its rules', ({ folder }) => {
  expect(manifestFaults(manifestsOf(folder))).toEqual([]);
});

describe('a fault is found', () => {
  const changed = (kind: string, name: string, change: (manifest: Manifest) => void) => {
    const manifests = structuredClone(base);
    const one = find(manifests)(kind, name);
    if (!one) throw new Error(`Expected ${kind} ${name}`);
    change(one);
    return manifestFaults(manifests).join('\n');
  };
  const container = ({ spec }: Manifest) => {
    const [first] = spec?.template?.spec.containers ?? [];
    if (!first) throw new Error('Expected a container');
    return first;
  };
  test.each<[string, string, string, (manifest: Manifest) => void]>([
    [
      'heatmap: its readinessProbe asks a port',
      'Deployment',
      'heatmap',
      (one) => {
        container(one).readinessProbe = { httpGet: { path: '/readyz', port: 'web' } };
      },
    ],
    [
      'heatmap: no service finds its pods',
      'Service',
      'heatmap',
      (one) => {
        one.spec = { ...one.spec, selector: { 'app.kubernetes.io/name': 'heat' } };
      },
    ],
    [
      'heatmap: it selects nothing',
      'PodDisruptionBudget',
      'heatmap',
      (one) => {
        one.spec = { selector: { matchLabels: { a: 'b' } } };
      },
    ],
    [
      'icu: it has no disruption budget',
      'PodDisruptionBudget',
      'icu',
      (one) => {
        one.kind = 'Nothing';
      },
    ],
    [
      'icu: it keeps capabilities',
      'Deployment',
      'icu',
      (one) => {
        container(one).securityContext = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true };
      },
    ],
    [
      'icu: it may be root',
      'Deployment',
      'icu',
      (one) => {
        if (one.spec?.template) one.spec.template.spec.securityContext = {};
      },
    ],
    [
      'gateway: it is killed while it drains',
      'Deployment',
      'gateway',
      (one) => {
        if (one.spec?.template) one.spec.template.spec.terminationGracePeriodSeconds = 20;
      },
    ],
    [
      'gateway: its number is set twice',
      'Deployment',
      'gateway',
      (one) => {
        one.spec = { ...one.spec, replicas: 3 };
      },
    ],
    [
      'gateway: it names a map that is not there',
      'Deployment',
      'gateway',
      (one) => {
        container(one).envFrom = [{ configMapRef: { name: 'nothing' } }];
      },
    ],
    [
      'imaging-worker: it scales worker',
      'HorizontalPodAutoscaler',
      'imaging-worker',
      (one) => {
        one.spec = { scaleTargetRef: { kind: 'Deployment', name: 'worker' } };
      },
    ],
    [
      'imaging-api: DATABASE_URL_FILE is not mounted',
      'ConfigMap',
      'imaging',
      (one) => {
        one.data = { ...one.data, DATABASE_URL_FILE: '/elsewhere/url' };
      },
    ],
    [
      'gateway: icu does not let it in at 4003',
      'NetworkPolicy',
      'icu',
      (one) => {
        one.spec = { ...one.spec, ingress: [] };
      },
    ],
    [
      'a secret is contained',
      'ConfigMap',
      'settings',
      (one) => {
        one.kind = 'Secret';
      },
    ],
  ])('%s', (fault, kind, name, change) => {
    expect(changed(kind, name, change)).toContain(fault);
  });
});

test('a service of ours gets settings that it has, and no others', () => {
  const readers: Record<string, (env: NodeJS.ProcessEnv) => unknown> = {
    ...{ gateway: gatewayConfig, heatmap: heatmapConfig, icu: icuConfig, serving: servingConfig },
    ...{ 'imaging-api': imagingConfig, 'imaging-worker': imagingConfig },
  };
  const isKnown = (read: (env: NodeJS.ProcessEnv) => unknown, name: string) => {
    try {
      read({ [`${name}_FILE`]: '/nowhere' });
      return false;
    } catch (error) {
      return String(error).includes(`at ${name}_FILE`);
    }
  };
  const ours = base.filter((one) =>
    one.spec?.template?.spec.containers.some(({ image }) => image === 'radiograph'),
  );
  expect(ours).toHaveLength(6);
  for (const { metadata, spec } of ours)
    for (const container of spec?.template?.spec.containers ?? []) {
      const read = readers[metadata.name];
      const settings = settingsOf(container, find(base));
      if (!read || !settings) throw new Error(`Expected the settings of ${metadata.name}`);
      const names = Object.keys(settings).map((name) => name.replace(/_FILE$/, ''));
      expect(names.length).toBeGreaterThan(1);
      expect(
        names.filter((name) => !isKnown(read, name)),
        metadata.name,
      ).toEqual([]);
      // The settings as they stand are taken, with the secrets that are missing here put in.
      const given = Object.fromEntries(Object.entries(settings).filter(([name]) => !name.endsWith('_FILE')));
      expect(() =>
        read({
          ...given,
          HOST: '0.0.0.0',
          ...(given.S3_BUCKET && { S3_ACCESS_KEY_ID: 'a', S3_SECRET_ACCESS_KEY: 'b' }),
        }),
      ).not.toThrow();
    }
});

test('addresses in settings are those of services', () => {
  const services = base.filter(({ kind }) => kind === 'Service');
  const ports = new Set(
    services.flatMap(({ metadata, spec }) =>
      (spec?.ports ?? []).map(({ port }) => `${metadata.name}:${port}`),
    ),
  );
  const maps = base.filter(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name !== 'haproxy');
  const named = maps.flatMap(({ data = {} }) =>
    Object.values(data).flatMap((value) => value.match(/(?<=\/\/|=)[a-z-]+:\d{4}/g) ?? []),
  );
  expect(named.length).toBeGreaterThan(3);
  expect(named.filter((address) => !ports.has(address))).toEqual([]);
});

test('kustomize builds what the files say', { timeout: 60_000 }, () => {
  // The other tests read the same files without it.
  if (!kubectl) return console.warn('NOT TRIED: kustomize, since there is no kubectl here');
  for (const { folder } of KUSTOMIZATIONS) {
    const built = parseAllDocuments(
      execFileSync(kubectl ?? '', ['kustomize', folder], { encoding: 'utf8' }),
    ).map((one) => one.toJS() as Manifest);
    const names = (manifests: readonly Manifest[]) =>
      manifests
        .map(({ kind, metadata }) => `${kind} ${metadata.name.replace(/^haproxy-\w+$/, 'haproxy')}`)
        .sort();
    expect(names(built)).toEqual(names(manifestsOf(folder)));
    const images = JSON.stringify(built).match(/"image":"[^"]+"/g) ?? [];
    expect(images.filter((image) => image === '"image":"radiograph"')).toEqual([]);
    // A change of HAProxy's configuration is a new map, which rolls its pods.
    expect(JSON.stringify(built)).toMatch(/"configMap":\{"name":"haproxy-\w{10}"\}/);
  }
});
