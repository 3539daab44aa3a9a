import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createKeyFile, readIfThere } from './key-files.ts';
import { keysFolder } from './keys.ts';

const PRIVATE = 'gateway.key';
const PUBLIC = 'gateway.pub';

/** Opens the Ed25519 key by which the gateway signs what it sends to the subgraphs, making it at the first start. */
export async function openGatewayKey(dataDir: string, folder = keysFolder(dataDir)): Promise<KeyObject> {
  const path = join(folder, PRIVATE);
  return createPrivateKey((await readIfThere(path)) ?? (await createOnce(folder, path)));
}

/** The public half (RFC 8032), all that a subgraph needs. Whoever comes first makes the pair. */
export async function openGatewayPublicKey(
  dataDir: string,
  folder = keysFolder(dataDir),
): Promise<KeyObject> {
  const path = join(folder, PUBLIC);
  const known = await readIfThere(path);
  if (known) return createPublicKey(known);
  const half = createPublicKey(await openGatewayKey(dataDir, folder));
  await createKeyFile(path, half.export({ type: 'spki', format: 'pem' }), 0o644);
  return half;
}

/** Puts the public half into a folder for services that need no other key. */
export async function copyPublicKey(half: KeyObject, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await createKeyFile(join(folder, PUBLIC), half.export({ type: 'spki', format: 'pem' }), 0o644);
}

async function createOnce(folder: string, path: string): Promise<Buffer> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { privateKey } = generateKeyPairSync('ed25519');
  await createKeyFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  return readFile(path);
}
