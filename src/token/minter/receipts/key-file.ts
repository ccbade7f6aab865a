import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** The minter's own Ed25519 key (PKCS #8, PEM); made at its first start. Throws when the file holds something else. */
export async function openReceiptKey(path: string): Promise<KeyObject> {
  const kept = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (kept === null) return make(path);
  const key = read(kept);
  if (key?.asymmetricKeyType === 'ed25519') return key;
  throw new Error(`${path} is not an Ed25519 private key in PEM. Put it back, or remove it to have a new one made`);
}

function read(pem: string): KeyObject | null {
  try {
    return createPrivateKey(pem);
  } catch {
    // What OpenSSL says of it could quote the file.
    return null;
  }
}

/** On the disk before it signs anything: a receipt must not outlive its key's file. */
async function make(path: string): Promise<KeyObject> {
  const { privateKey } = generateKeyPairSync('ed25519');
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}.new`;
  await syncAfter(await open(temporary, 'w', 0o600), (file) =>
    file.writeFile(privateKey.export({ type: 'pkcs8', format: 'pem' })),
  );
  await rename(temporary, path);
  await syncAfter(await open(dirname(path), 'r'));
  return privateKey;
}

type File = Awaited<ReturnType<typeof open>>;

async function syncAfter(file: File, write?: (file: File) => Promise<void>): Promise<void> {
  try {
    await write?.(file);
    await file.sync();
  } finally {
    await file.close();
  }
}
