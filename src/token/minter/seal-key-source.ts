import { readFile } from 'node:fs/promises';
import { describe } from '../../errors.ts';
import { parseSealKeys } from '../seal-keys.ts';
import type { SealKey } from '../sealing.ts';

/** Where the key ring comes from: the settings as they were at the start, or a file that can be read again. */
export type SealKeySource = { keys: SealKey[] } | { file: string };

/** Throws naming the file when it cannot be read or understood; nothing that is in it is in the message. */
export async function readSealKeys(source: SealKeySource): Promise<SealKey[]> {
  if ('keys' in source) return source.keys;
  try {
    return parseSealKeys(await readFile(source.file, 'utf8'));
  } catch (error) {
    throw new Error(`The seal keys cannot be read from ${source.file}: ${describe(error)}`, { cause: error });
  }
}
