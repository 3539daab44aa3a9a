/** A package of the lockfile (npm, lockfile version 3), by its folder. */
export type LockedPackage = {
  readonly version?: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly inBundle?: boolean;
  readonly link?: boolean;
};
export type Lockfile = {
  readonly version?: string;
  readonly packages: Readonly<Record<string, LockedPackage>>;
};

/** Licences that let everybody use, change and pass on, as names of SPDX. */
const ALLOWED = new Set([
  ...['Apache-2.0', 'MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD'],
  ...['BlueOak-1.0.0', 'CC0-1.0', 'Unlicense', 'Zlib'],
]);
/** What is let in by name, and why. */
const EXCEPTIONS: readonly { readonly package: RegExp; readonly licence: string; readonly why: string }[] = [
  {
    package: /^@apollo\/(composition|federation-internals|query-graphs|query-planner)$/,
    licence: 'Elastic-2.0',
    why: 'source available: not to be offered to others as a managed service; the README says so',
  },
  {
    package: /^@img\/sharp-/,
    licence: 'LGPL-3.0-or-later',
    why: 'libvips, linked dynamically and passed on unchanged: whoever passes on an image names it and lets it be replaced',
  },
];
/** Packages whose lockfile entry has none; their own file says it. */
const TOLD_ELSEWHERE: Readonly<Record<string, string>> = { busboy: 'MIT', streamsearch: 'MIT' };

export type LicenceCheck = {
  readonly faults: readonly string[];
  readonly notes: readonly string[];
};

/** Checks the licences of all that a release installs, optional packages of other platforms included. */
export function checkLicences({ packages }: Lockfile): LicenceCheck {
  const faults: string[] = [];
  const excepted = new Map<string, string[]>();
  for (const [path, { license, dev, link }] of Object.entries(packages)) {
    if (path === '' || dev || link) continue;
    const name = path.replace(/^.*node_modules\//, '');
    const told = license ?? TOLD_ELSEWHERE[name];
    const refused = told === undefined ? ['none'] : refusedOf(told, name, excepted);
    if (refused.length > 0) faults.push(`${name}: ${refused.join(', ')}`);
  }
  const notes = EXCEPTIONS.flatMap(({ licence, why }) => {
    const names = excepted.get(licence);
    return names ? [`${licence}: ${names.length} packages such as ${names[0]}: ${why}`] : [];
  });
  return { faults, notes };
}

/** The licences of an expression (SPDX) that are not allowed; of alternatives one is enough. */
function refusedOf(expression: string, name: string, excepted: Map<string, string[]>): string[] {
  const parts = expression.replace(/^\((.*)\)$/, '$1');
  if (parts.includes('(')) return [expression];
  const alternatives = parts.split(' OR ').map((all) =>
    all.split(' AND ').filter((licence) => {
      if (ALLOWED.has(licence)) return false;
      if (!EXCEPTIONS.some((one) => one.licence === licence && one.package.test(name))) return true;
      excepted.set(licence, [...(excepted.get(licence) ?? []), name]);
      return false;
    }),
  );
  return alternatives.find((refused) => refused.length === 0) ?? alternatives[0] ?? [expression];
}
