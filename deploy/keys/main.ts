import { parseArgs } from 'node:util';
import { commonSettings, readSettings } from '#common/env.ts';
import { copyPublicKey, openGatewayPublicKey } from '#common/gateway-key.ts';
import { addBlobKey } from '#common/key-ring.ts';
import { keysFolder, openKeys } from '#common/keys.ts';
import { openBlobStore, storageConfig, storageSettings } from '#common/storage-settings.ts';
import { dropOldKeys, rewriteBlobs } from './rotate-keys.ts';

const { values } = parseArgs({
  options: {
    rewrite: { type: 'boolean', default: false },
    'drop-old': { type: 'boolean', default: false },
    'in-minutes': { type: 'string', default: '0' },
    fill: { type: 'boolean', default: false },
    'public-to': { type: 'string' },
  },
});
const minutes = Number(values['in-minutes']);
if (!(minutes >= 0)) throw new Error(`Expected a number of minutes, got ${values['in-minutes']}`);

const config = storageConfig(readSettings({ ...commonSettings, ...storageSettings }, process.env));
const folder = config.keysDir ?? keysFolder(config.dataDir);
// A folder of keys that is to be shared is filled here, before services start that cannot write into it.
const keys = await openKeys(config.dataDir, folder);
const half = await openGatewayPublicKey(config.dataDir, folder);

if (values.fill) {
  const to = values['public-to'];
  if (to !== undefined) await copyPublicKey(half, to);
  console.log('The folder of keys is filled');
} else if (!values.rewrite && !values['drop-old']) {
  const from = Date.now() + minutes * 60_000;
  const id = await addBlobKey(folder, from);
  console.log(`Blobs are encrypted with the key ${id} from ${new Date(from).toISOString()} on`);
} else {
  const blobs = await openBlobStore(config, keys);
  if (values.rewrite) {
    const { blobs: count, rewritten, unreadable } = await rewriteBlobs(blobs, keys.blobs);
    console.log(`${count} blobs, ${rewritten} of them encrypted anew, ${unreadable.length} unreadable`);
    for (const address of unreadable) console.error(`unreadable: ${address}`);
    if (unreadable.length > 0) process.exitCode = 1;
  }
  if (values['drop-old']) {
    const dropped = await dropOldKeys(folder, blobs, keys.blobs);
    console.log(`Keys dropped: ${dropped.length > 0 ? dropped.join(', ') : 'none'}`);
  }
}
