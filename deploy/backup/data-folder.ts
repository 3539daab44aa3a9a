import { keyFiles, namesIn } from './copied-files.ts';
import type { Manifest } from './manifest.ts';

/** Every database of ours; others that lie in a data folder, such as copies made by hand, are no part of it. */
const DATABASES = ['icu.sqlite', 'imaging.sqlite'];

/** The names of the databases that a backup of a data folder holds.
 *  @param earlier the backup that this one takes the place of
 *  @throws Error when the folder is not the one of an installation, or lacks a database of the earlier backup: a folder that
 *  is not mounted or mistyped would empty that backup */
export async function databasesOf(
  dataDir: string,
  keysDir: string,
  earlier: Manifest | undefined,
): Promise<string[]> {
  const there = await namesIn(dataDir);
  const databases = DATABASES.filter((name) => there.includes(name));
  if (databases.length === 0)
    throw new Error(`Expected a data folder with a database, got none in ${dataDir} (is it mounted?)`);
  if (!(await keyFiles(keysDir)).includes('master.key'))
    throw new Error(`Expected the keys of the data folder, got no master.key in ${keysDir}`);
  const gone = DATABASES.filter((name) => earlier?.files[name] !== undefined && !databases.includes(name));
  if (gone.length > 0)
    throw new Error(
      `Expected ${gone.join(' and ')} in ${dataDir}, as in the earlier backup (another folder takes one without)`,
    );
  return databases;
}
