import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const spooledToken = z.object({
  tokenId: z.string(),
  sessionId: z.string(),
  provider: z.string(),
  repoIds: z.array(z.string()),
  mintedAt: z.string(),
  expiresAt: z.string(),
  fingerprint: z.string(),
  /** The value under the seal key ring. */
  sealed: z.string(),
});

/** A live token as the spool keeps it: enough to delete it, and to write its line in the ledger again. */
export type SpooledToken = z.infer<typeof spooledToken>;

/**
 * The second durable place of every live token: a file each, on the minter's own disk. `put` comes before anyone else
 * learns that the token exists.
 */
export interface Spool {
  /** Resolves when the token survives a loss of power. */
  put(token: SpooledToken): Promise<void>;
  /** null when there is none of this intent. Throws when its file is damaged. */
  get(tokenId: string): Promise<SpooledToken | null>;
  /** Every token in it. */
  all(): Promise<SpooledToken[]>;
  /** Safe to repeat. */
  drop(tokenId: string): Promise<void>;
}

export async function openSpool(dir: string): Promise<Spool> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const pathOf = (tokenId: string): string => join(dir, `${tokenId}.json`);
  const get = async (tokenId: string): Promise<SpooledToken | null> => {
    const text = await readFile(pathOf(tokenId), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    return text === null ? null : spooledToken.parse(JSON.parse(text));
  };
  return {
    async put(token) {
      const path = pathOf(token.tokenId);
      const temporary = `${path}.tmp`;
      const file = await open(temporary, 'w', 0o600);
      try {
        await file.writeFile(JSON.stringify(token));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, path);
      await syncDirectory(dir);
    },
    get,
    async all() {
      const names = (await readdir(dir)).filter((name) => name.endsWith('.json'));
      const found = await Promise.all(names.map((name) => get(name.slice(0, -'.json'.length))));
      return found.filter((token) => token !== null);
    },
    async drop(tokenId) {
      await rm(pathOf(tokenId), { force: true });
    },
  };
}

/** A renamed file is only there for good when its directory is on the disk too. */
async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
