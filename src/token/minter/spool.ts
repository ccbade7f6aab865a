import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../ops/log.ts';
import { FileTooLong } from '../../ops/read-file.ts';
import { inBatches } from './in-batches.ts';
import { isCutOff, readSpooled, SPOOL_SUFFIX, understandSpooled, type SpooledToken } from './spooled-token.ts';
import { finishWriting, writeDurably } from './write-durably.ts';

/**
 * The second durable place of every live token: a file each, on the minter's own disk. `put` comes before anyone else
 * learns that the token exists. Calls for different tokens may run side by side, those for one may not.
 *
 * A file that cannot be understood is set aside under another name, and counted: it holds up no other, and nothing of it
 * is lost to whoever looks into it.
 */
export interface Spool {
  /** Resolves when the token survives a loss of power. */
  put(token: SpooledToken): Promise<void>;
  /** null when there is none of this intent that can be read. A file is read once; what it held is remembered. */
  get(tokenId: string): Promise<SpooledToken | null>;
  /** The ids of all tokens in it, by one look at the directory. */
  ids(): Promise<string[]>;
  /** Every token in it. */
  all(): Promise<SpooledToken[]>;
  /** Files that were set aside, at the last look. */
  damaged(): number;
  /** Safe to repeat. */
  drop(tokenId: string): Promise<void>;
}

const TEMPORARY = `${SPOOL_SUFFIX}.tmp`;
const DAMAGED = '.damaged';
/** Files read side by side: far below what a process may have open. */
const READ_AT_ONCE = 32;

/** Opens it, and finishes what an earlier life of the minter was writing when it was killed. */
export async function openSpool(dir: string, log: Logger): Promise<Spool> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const known = new Map<string, SpooledToken>();
  let damaged = 0;
  const pathOf = (tokenId: string): string => join(dir, `${tokenId}${SPOOL_SUFFIX}`);

  const put = async (token: SpooledToken): Promise<void> => {
    const path = pathOf(token.tokenId);
    await writeDurably(path, `${path}.tmp`, JSON.stringify(token));
    known.set(token.tokenId, token);
  };

  const setAside = async (tokenId: string, path: string, reason: unknown): Promise<void> => {
    log.error({ tokenId, err: reason }, 'a file of the spool is damaged; it is set aside, and its token may live on');
    await rename(path, path + DAMAGED);
    damaged++;
  };

  const get = async (tokenId: string): Promise<SpooledToken | null> => {
    const remembered = known.get(tokenId);
    if (remembered !== undefined) return remembered;
    const text = await readIfThere(pathOf(tokenId));
    if (text === null) return null;
    try {
      if (text instanceof FileTooLong) throw text;
      const token = understandSpooled(text, tokenId);
      known.set(tokenId, token);
      return token;
    } catch (error) {
      await setAside(tokenId, pathOf(tokenId), error);
      return null;
    }
  };

  const ids = async (): Promise<string[]> => {
    // A disk that was swapped is empty: what belongs here is written again.
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const names = await readdir(dir);
    damaged = names.filter((name) => name.endsWith(DAMAGED)).length;
    const found = names
      .filter((name) => name.endsWith(SPOOL_SUFFIX))
      .map((name) => name.slice(0, -SPOOL_SUFFIX.length));
    const there = new Set(found);
    for (const tokenId of known.keys()) if (!there.has(tokenId)) known.delete(tokenId);
    return found;
  };

  /** Written whole but not renamed when the minter was killed, it may be the only place that has the value. */
  const finish = async (tokenId: string): Promise<void> => {
    const temporary = join(dir, tokenId + TEMPORARY);
    const text = await readSpooled(temporary);
    if (isCutOff(text)) {
      log.warn({ tokenId }, 'an earlier life was killed as it wrote to the spool; nothing can be read of it');
      return rm(temporary);
    }
    known.set(tokenId, understandSpooled(text, tokenId));
    await finishWriting(pathOf(tokenId), temporary);
    log.warn({ tokenId }, 'a token was found in the spool that an earlier life had not finished writing');
  };

  for (const name of (await readdir(dir)).filter((entry) => entry.endsWith(TEMPORARY))) {
    const tokenId = name.slice(0, -TEMPORARY.length);
    await finish(tokenId)
      .catch((error: unknown) => setAside(tokenId, join(dir, name), error))
      .catch((error: unknown) => log.error({ tokenId, err: error }, 'nor can it be set aside; it stays as it is'));
  }

  return {
    put,
    get,
    ids,
    async all() {
      const found: SpooledToken[] = [];
      await inBatches(await ids(), READ_AT_ONCE, async (tokenId) => {
        const token = await get(tokenId);
        if (token !== null) found.push(token);
      });
      return found;
    },
    damaged: () => damaged,
    async drop(tokenId) {
      known.delete(tokenId);
      // Not synced: a file that comes back after a loss of power is held against the ledger and dropped again.
      await rm(pathOf(tokenId), { force: true });
    },
  };
}

async function readIfThere(path: string): Promise<string | FileTooLong | null> {
  try {
    return await readSpooled(path);
  } catch (error) {
    if (error instanceof FileTooLong) return error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
