/** Whether version, tag and change log agree.
 *  @param tags of the commit that goes out @param changeLog whose newest version stands first, as "## 1.2.3 - 2026-11-27"
 *  @returns a line for each fault */
export function versionFaults(
  version: string,
  lockedVersion: string | undefined,
  tags: readonly string[],
  changeLog: string,
): string[] {
  const faults: string[] = [];
  if (lockedVersion !== version)
    faults.push(`package-lock.json says ${lockedVersion}, package.json ${version}`);
  if (!tags.includes(`v${version}`))
    faults.push(`The commit has no tag v${version}${tags.length > 0 ? `, but ${tags.join(', ')}` : ''}`);
  const entries = [...changeLog.matchAll(/^## (.+)$/gm)].map(([, entry = '']) => entry);
  const [newest = 'nothing'] = entries;
  const [named, date] = newest.split(' - ');
  if (named !== version) faults.push(`CHANGELOG.md begins with ${newest}, not with ${version}`);
  else if (!/^\d{4}-\d{2}-\d{2}$/.test(date ?? '')) faults.push(`CHANGELOG.md gives ${version} no date`);
  return faults;
}
