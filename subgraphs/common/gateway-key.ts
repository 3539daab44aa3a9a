import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { link, mkdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Opens the Ed25519 key by which the gateway signs what it sends to the subgraphs, making it at the first start.
 *  Whoever comes first makes the pair; a subgraph reads the public half alone. */
export async function openGatewayKey(dataDir: string): Promise<KeyObject> {
  const { privatePath } = await keyPair(dataDir);
  return createPrivateKey(await readFile(privatePath));
}

/** The public half (RFC 8032). */
export async function openGatewayPublicKey(dataDir: string): Promise<KeyObject> {
  const { publicPath } = await keyPair(dataDir);
  return createPublicKey(await readFile(publicPath));
}

async function keyPair(dataDir: string) {
  const folder = join(dataDir, 'keys');
  const privatePath = join(folder, 'gateway.key');
  const publicPath = join(folder, 'gateway.pub');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (!(await isThere(privatePath))) await createOnce(folder, privatePath);
  if (!(await isThere(publicPath))) {
    const half = createPublicKey(await readFile(privatePath)).export({ type: 'spki', format: 'pem' });
    const temporary = join(folder, `.new-${randomBytes(8).toString('hex')}`);
    await writeFile(temporary, half, { mode: 0o644, flag: 'wx' });
    await rename(temporary, publicPath);
  }
  return { privatePath, publicPath };
}

/** Several services start at once: `link` lets exactly one of them win, and all read the winner's key. */
async function createOnce(folder: string, path: string): Promise<void> {
  const temporary = join(folder, `.new-${randomBytes(8).toString('hex')}`);
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  await writeFile(temporary, pem, { mode: 0o600, flag: 'wx', flush: true });
  await link(temporary, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await unlink(temporary);
}

async function isThere(path: string): Promise<boolean> {
  return readFile(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
}
