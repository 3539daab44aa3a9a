import type { LockedPackage, Lockfile } from './licences.ts';

export type Manifest = {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
};

const EXACT = /^\d+\.\d+\.\d+(-[\w.]+)?$/;

/** Checks that what is installed is what was locked: exact versions, each package with a digest,
 *  none from a place of its own.
 *  @returns a line for each fault */
export function lockfileFaults(manifest: Manifest, { packages }: Lockfile): string[] {
  const wanted = {
    ...manifest.dependencies,
    ...manifest.devDependencies,
    ...manifest.optionalDependencies,
  };
  const loose = Object.entries(wanted)
    .filter(([, version]) => !EXACT.test(version))
    .map(([name, version]) => `${name}: ${version} is no exact version`);
  const other = Object.entries(wanted)
    .filter(([name, version]) => packages[`node_modules/${name}`]?.version !== version)
    .map(([name]) => `${name}: the lockfile has another version`);
  const unsigned = Object.entries(packages)
    .filter(([path, one]) => path !== '' && !isOfOtherPlatforms(one) && !/^sha512-/.test(one.integrity ?? ''))
    .map(([path]) => `${path}: the lockfile has no SHA-512 of it`);
  const elsewhere = Object.entries(packages)
    .filter(([, one]) => one.resolved !== undefined || one.link)
    .map(([path]) => `${path}: it comes from a place of its own`);
  return [...loose, ...other, ...unsigned, ...elsewhere];
}

/** What a tool of ours would install elsewhere, of which npm did not learn the digest here; and what its package brings along. */
function isOfOtherPlatforms({ dev, optional, inBundle }: LockedPackage): boolean {
  return (dev && (optional || inBundle)) ?? false;
}
