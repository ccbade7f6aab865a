import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FileTooLong } from '../../ops/read-file.ts';
import { readSpooled } from '../../token/minter/spooled-token.ts';
import type { SpoolFile } from '../facts.ts';

const spooled = z.object({ tokenId: z.string(), fingerprint: z.string() });

/** Every file in the minter's spool, half-written ones included; none where there is no spool yet. */
export async function readSpoolFiles(dir: string): Promise<SpoolFile[]> {
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const files = await Promise.all(names.map((file) => read(dir, file)));
  return files.filter((file) => file !== null);
}

/** null: it is gone by now. */
async function read(dir: string, file: string): Promise<SpoolFile | null> {
  const text = await readSpooled(join(dir, file)).catch((error: unknown) => (error instanceof FileTooLong ? '' : null));
  if (text === null) return null;
  try {
    return { file, token: file.endsWith('.json') ? spooled.parse(JSON.parse(text)) : null };
  } catch {
    return { file, token: null };
  }
}
