import { readFile, rename, writeFile } from 'node:fs/promises';
import type { z } from 'zod';
import { CommandFailure } from '../failure.ts';

/** Writes JSON that only this user may read, all of it or nothing: a reader never sees a part. */
export async function writePrivateJson(path: string, value: unknown): Promise<void> {
  const temporary = `${path}.${process.pid}.new`;
  await writeFile(temporary, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flush: true });
  await rename(temporary, path);
}

/** null: no such file. Throws when it holds something else than expected; its content is not in the message. */
export async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new CommandFailure(`${path} cannot be read as what it should hold. Put it right or remove it.`, {
      cause: error,
    });
  }
}
