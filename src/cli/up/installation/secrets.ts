import { randomBytes } from 'node:crypto';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parseSealKeys } from '../../../token/seal-keys.ts';
import { CommandFailure } from '../failure.ts';
import { makeDataDir } from './data-dir.ts';
import { readJson, writePrivateJson } from './private-file.ts';
import { newSealKey, sealKeysFileOf, writeSealKeys } from './seal-keys-file.ts';

const schema = z.object({
  /** Names this installation's containers and run directory. */
  installation: z.string().regex(/^[a-z0-9-]{1,32}$/),
  apiKey: z.string().min(16),
  gitHostKey: z.string().min(16),
});
/** Earlier installations kept their one seal key here; it moves to a file of its own, in which keys can be rotated. */
const storedSchema = schema.extend({ sealKey: z.string().min(16).optional() });

export type InstallationSecrets = z.infer<typeof schema>;

function fileIn(dataDir: string): string {
  return join(dataDir, 'secrets.json');
}

/** The keys of this data directory; null: nothing was ever started on it. */
export async function readSecrets(dataDir: string): Promise<InstallationSecrets | null> {
  return readJson(fileIn(dataDir), schema);
}

/**
 * The keys of this data directory, and the file of its seal keys; made at its first start. The directory is made too, for
 * this user alone. Throws when the seal keys are gone that an earlier start has made: tokens may be sealed with them.
 */
export async function ensureSecrets(dataDir: string): Promise<InstallationSecrets> {
  await makeDataDir(dataDir);
  const stored = await readJson(fileIn(dataDir), storedSchema);
  const ringFile = sealKeysFileOf(dataDir);
  if (!(await isThere(ringFile))) {
    if (stored !== null && stored.sealKey === undefined) throw sealKeysMissing(ringFile);
    await writeSealKeys(ringFile, stored?.sealKey ? parseSealKeys(stored.sealKey) : [newSealKey([])]);
  }
  const { sealKey, ...kept } = stored ?? { ...newSecrets(), sealKey: undefined };
  // Last: whoever is killed before it finds the seal key in both places, or the file alone.
  if (stored === null || sealKey !== undefined) await writePrivateJson(fileIn(dataDir), kept);
  return kept;
}

function newSecrets(): InstallationSecrets {
  return {
    installation: `up-${randomBytes(4).toString('hex')}`,
    apiKey: `dp_${randomBytes(24).toString('base64url')}`,
    gitHostKey: `dpg_${randomBytes(24).toString('base64url')}`,
  };
}

function sealKeysMissing(file: string): CommandFailure {
  return new CommandFailure(
    `${file} is missing, and tokens may be sealed with the keys in it. Put it back; or, if every session is over, remove secrets.json to begin anew.`,
  );
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
