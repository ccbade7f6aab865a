import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readFileUpTo } from '../../ops/read-file.ts';

const spooledToken = z.object({
  tokenId: z.string(),
  sessionId: z.string(),
  provider: z.string(),
  host: z.string().nullable().default(null),
  repoIds: z.array(z.string()),
  mintedAt: z.string(),
  expiresAt: z.string(),
  fingerprint: z.string(),
  /** The value under the seal key ring. */
  sealed: z.string(),
});

/** A live token as the spool keeps it: enough to delete it, and to write its line in the ledger again. */
export type SpooledToken = z.infer<typeof spooledToken>;

/** What a provider answers has at most half of it. */
const MAX_SPOOLED_BYTES = 16 * 1024 ** 2;

/** The text of a file of the spool. Throws `FileTooLong` for one that is longer than any token. */
export function readSpooled(path: string): Promise<string> {
  return readFileUpTo(path, MAX_SPOOLED_BYTES);
}

/** What the name of a token's file ends with, behind its id. */
export const SPOOL_SUFFIX = '.json';

/** Throws when it is no spooled token, or another one's. No message of it has a value: those are sealed. */
export function understandSpooled(text: string, tokenId: string): SpooledToken {
  const token = spooledToken.parse(JSON.parse(text));
  if (token.tokenId !== tokenId) throw new Error(`It is a file of ${token.tokenId}`);
  return token;
}

/**
 * Whether a file is what a kill or a full disk leaves of a write: nothing, or the beginning of a token's text. Whatever
 * else cannot be understood may have been a token.
 */
export function isCutOff(text: string): boolean {
  if (text === '') return true;
  if (!text.startsWith('{"tokenId"'.slice(0, text.length))) return false;
  try {
    JSON.parse(text);
    return false;
  } catch {
    return true;
  }
}

/** Every token of a spool that can be read, for who is not its minter: nothing is changed. None where there is no spool. */
export async function readSpooledTokens(dir: string): Promise<SpooledToken[]> {
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const found = names
    .filter((name) => name.endsWith(SPOOL_SUFFIX))
    .map(async (name) => {
      try {
        return understandSpooled(await readSpooled(join(dir, name)), name.slice(0, -SPOOL_SUFFIX.length));
      } catch {
        // Gone by now, or damaged, which is another check's to report.
        return null;
      }
    });
  return (await Promise.all(found)).filter((token) => token !== null);
}
