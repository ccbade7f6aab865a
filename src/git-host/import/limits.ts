import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HostError } from '../http/host-error.ts';

export interface ImportLimits {
  /** Of all that is fetched, packed. */
  maxBytes: number;
  maxObjects: number;
  timeoutMs: number;
}

/** As much as a push may send (`receive.maxInputSize`). */
export const IMPORT_LIMITS: ImportLimits = {
  maxBytes: 2 * 1024 ** 3,
  maxObjects: 5_000_000,
  timeoutMs: 10 * 60_000,
};

const LOOK_EVERY_MS = 100;

/**
 * Runs what fetches into a repo that is nobody else's yet, and ends it when it is too large, has too many objects or takes too
 * long; git has no such limits for a fetch. Throws `too_large` or `bad_value` then.
 */
export async function withinLimits<T>(
  fetching: { repoDir: string; limits: ImportLimits; signal: AbortSignal },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { repoDir, limits, signal } = fetching;
  const over = new AbortController();
  const look = async (): Promise<void> => {
    const problem = await problemOf(repoDir, limits);
    if (problem !== null) over.abort(problem);
  };
  const late = new HostError('bad_value', `the import took longer than ${limits.timeoutMs / 1_000} s`);
  const timeout = setTimeout(() => over.abort(late), limits.timeoutMs);
  // Git renames and removes files meanwhile: what cannot be looked at now is looked at the next time.
  const looking = setInterval(() => void look().catch(() => {}), LOOK_EVERY_MS);
  try {
    const result = await work(AbortSignal.any([signal, over.signal]));
    await look();
    over.signal.throwIfAborted();
    return result;
  } finally {
    clearTimeout(timeout);
    clearInterval(looking);
  }
}

async function problemOf(repoDir: string, limits: ImportLimits): Promise<HostError | null> {
  const objectsDir = join(repoDir, 'objects');
  const entries = await readdir(objectsDir, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  if (bytes > limits.maxBytes) return new HostError('too_large', `the import is larger than ${limits.maxBytes} bytes`);
  const counts = await Promise.all(
    paths.filter((path) => /\/(tmp_pack_\w+|pack-\w+\.pack)$/.test(path)).map(packedObjects),
  );
  const objects = counts.reduce((sum, count) => sum + count, 0);
  if (objects <= limits.maxObjects) return null;
  return new HostError('too_large', `the import has more than ${limits.maxObjects} objects`);
}

/** What a pack says of itself in its first twelve bytes. Source: gitformat-pack(5). */
async function packedObjects(path: string): Promise<number> {
  await using file = await open(path, 'r');
  const header = Buffer.alloc(12);
  const { bytesRead } = await file.read(header, 0, header.length, 0);
  return bytesRead < header.length ? 0 : header.readUInt32BE(8);
}
