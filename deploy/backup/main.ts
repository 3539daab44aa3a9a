import { relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { commonSettings, readSettings } from '#common/env.ts';
import { storageConfig, storageSettings } from '#common/storage-settings.ts';
import { backUp } from './backup.ts';
import { restore } from './restore.ts';

// npm run backup -- --to FOLDER --keys-to FOLDER
// npm run restore -- --from FOLDER --keys-from FOLDER

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    to: { type: 'string' },
    'keys-to': { type: 'string' },
    from: { type: 'string' },
    'keys-from': { type: 'string' },
  },
});

try {
  const config = storageConfig(readSettings({ ...commonSettings, ...storageSettings }, process.env));
  const { DATABASE_URL } = readSettings({ DATABASE_URL: z.string().optional() }, process.env);
  if (DATABASE_URL !== undefined || config.s3 !== undefined)
    throw new Error('Expected a data folder that holds everything; a database and a bucket: docs/backup.md');
  const backsUp = positionals[0] === 'backup';
  const [backup, backupOfKeys] = backsUp
    ? [values.to, values['keys-to']]
    : [values.from, values['keys-from']];
  if (backup === undefined || backupOfKeys === undefined)
    throw new Error(`Expected ${backsUp ? '--to and --keys-to' : '--from and --keys-from'}, a folder each`);
  if (!relative(resolve(backup), resolve(backupOfKeys)).startsWith('..'))
    throw new Error(
      'Expected the keys in another place than the backup: whoever has both can read the images',
    );
  const places = { ...config, backup, backupOfKeys };
  if (backsUp) {
    const { images, copied, unreadable } = await backUp(places);
    console.log(`${images} images are in the backup, ${copied} of them copied now`);
    for (const address of unreadable) console.error(`unreadable: ${address}`);
    if (unreadable.length > 0) process.exitCode = 1;
  } else {
    const { startedAt, images } = await restore(places);
    console.log(`Restored as it was at ${startedAt}: ${images} images`);
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
