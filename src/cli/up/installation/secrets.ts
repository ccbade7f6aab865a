import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readJson, writePrivateJson } from './private-file.ts';

const schema = z.object({
  /** Names this installation's containers and run directory. */
  installation: z.string().regex(/^[a-z0-9-]{1,32}$/),
  apiKey: z.string().min(16),
  gitHostKey: z.string().min(16),
  /** `ID:BASE64`, AES-256. */
  sealKey: z.string().min(16),
});

export type InstallationSecrets = z.infer<typeof schema>;

function fileIn(dataDir: string): string {
  return join(dataDir, 'secrets.json');
}

/** The keys of this data directory; null: nothing was ever started on it. */
export async function readSecrets(dataDir: string): Promise<InstallationSecrets | null> {
  return readJson(fileIn(dataDir), schema);
}

/** The keys of this data directory; made at its first start. The directory is made too, for this user alone. */
export async function ensureSecrets(dataDir: string): Promise<InstallationSecrets> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const kept = await readSecrets(dataDir);
  if (kept !== null) return kept;
  const made: InstallationSecrets = {
    installation: `up-${randomBytes(4).toString('hex')}`,
    apiKey: `dp_${randomBytes(24).toString('base64url')}`,
    gitHostKey: `dpg_${randomBytes(24).toString('base64url')}`,
    sealKey: `k1:${randomBytes(32).toString('base64')}`,
  };
  await writePrivateJson(fileIn(dataDir), made);
  return made;
}
