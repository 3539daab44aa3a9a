/** Chooses which of a model's versions are served.
 *  @param versions the version folders that are there, in any order */
export type VersionPolicy = (versions: readonly number[]) => readonly number[];

export const LATEST_VERSION: VersionPolicy = (versions) => [...versions].sort((a, b) => b - a).slice(0, 1);

/** Reads a policy as TensorFlow Serving has them: `latest:<how many>`, `all`, or `specific:<version>,<version>…`.
 *  @returns undefined when the text is none of these */
export function versionPolicy(text: string): VersionPolicy | undefined {
  if (text === 'all') return (versions) => versions;
  const [, kind, list = ''] = /^(latest|specific):(\d{1,15}(?:,\d{1,15})*)$/.exec(text) ?? [];
  const numbers = list.split(',').map(Number);
  const [count = 0] = numbers;
  if (kind === 'specific') return (versions) => versions.filter((version) => numbers.includes(version));
  if (kind !== 'latest' || numbers.length > 1 || count < 1) return undefined;
  return (versions) => [...versions].sort((a, b) => b - a).slice(0, count);
}
