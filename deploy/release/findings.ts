/** What one check of a release found. What was not done is no fault, but somebody must see it. */
export type Findings = {
  readonly faults: readonly string[];
  readonly notDone?: string;
  readonly notes?: readonly string[];
};

type Audit = { readonly metadata?: { readonly vulnerabilities?: Readonly<Record<string, number>> } };

/** Reads what `npm audit --json` wrote; without an answer of the registry there is no list of vulnerabilities in it. */
export function auditFindings(written: string): Findings {
  const found = parsed<Audit>(written)?.metadata?.vulnerabilities;
  if (!found)
    return {
      faults: [],
      notDone: 'the registry told nothing of them',
    };
  const faults = ['critical', 'high']
    .filter((severity) => (found[severity] ?? 0) > 0)
    .map((severity) => `${found[severity]} of severity ${severity}: npm audit --omit=dev`);
  const lesser = (found.moderate ?? 0) + (found.low ?? 0);
  return { faults, ...(lesser > 0 && { notes: [`${lesser} of moderate or low severity`] }) };
}

type Sbom = {
  readonly bomFormat?: string;
  readonly components?: readonly {
    readonly name: string;
    readonly group?: string;
    readonly version: string;
  }[];
};

/** Whether a text is a CycloneDX bill of materials that has every dependency of ours, in its version. */
export function sbomFindings(written: string, dependencies: Readonly<Record<string, string>>): Findings {
  const { bomFormat, components = [] } = parsed<Sbom>(written) ?? {};
  if (bomFormat !== 'CycloneDX') return { faults: ['npm sbom wrote no CycloneDX document'] };
  const named = new Set(
    components.map(({ group, name, version }) => `${group ? `${group}/` : ''}${name}@${version}`),
  );
  const missing = Object.entries(dependencies)
    .map(([name, version]) => `${name}@${version}`)
    .filter((one) => !named.has(one));
  return {
    faults: missing.map((one) => `${one} is not in the bill of materials`),
    notes: [`${components.length} components`],
  };
}

/** Whether the bases of an image are pinned: each stage starts from a version of three numbers, a digest, or a stage before. */
export function imageFindings(recipe: string): Findings {
  const stages = new Set<string>();
  const faults: string[] = [];
  const given = new Map(
    [...recipe.matchAll(/^ARG (\w+)=(\S+)/gim)].map(([, name = '', value]) => [name, value]),
  );
  const filled = recipe.replace(/\$\{?(\w+)\}?/g, (all, name) => given.get(name) ?? all);
  for (const [, base = '', name] of filled.matchAll(/^FROM (?:--\S+ )*(\S+)(?: AS (\S+))?/gim)) {
    if (!stages.has(base) && !/:\d+\.\d+\.\d+|@sha256:[0-9a-f]{64}$/.test(base))
      faults.push(`FROM ${base}: no exact version`);
    if (name) stages.add(name);
  }
  if (!/^USER (?!root|0\b)\S/im.test(recipe)) faults.push('It runs as root');
  return { faults };
}

function parsed<Told>(text: string): Told | undefined {
  try {
    return JSON.parse(text) as Told;
  } catch {
    return undefined;
  }
}
