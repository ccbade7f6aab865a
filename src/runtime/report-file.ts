import { open, type FileHandle } from 'node:fs/promises';
import type { InitLink } from './init-link.ts';

const CHUNK_BYTES = 256 * 1024;
/** A hint can get lost, so the file is looked at this often anyway. */
const LOOK_EVERY_MS = 500;

/**
 * The bytes of a sandbox's reports from `from` on, as they are appended. Ends when the link is closed and the file has no
 * more: whoever closed it, what was written before is read. Without a link it ends with the file.
 */
export async function* followReports(
  path: string,
  from: number,
  link: Pick<InitLink, 'isClosed' | 'hint'> | null,
): AsyncGenerator<Uint8Array> {
  await using file = await openIfThere(path);
  // After a restart of the host nothing of it is left.
  if (file === null) return;
  const buffer = Buffer.alloc(CHUNK_BYTES);
  for (let at = from; ;) {
    // Looked at before the file is: nothing is appended after it.
    const isLast = link === null || link.isClosed;
    const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, at);
    if (bytesRead > 0) {
      at += bytesRead;
      yield Buffer.from(buffer.subarray(0, bytesRead));
    } else if (isLast) {
      return;
    } else {
      await link.hint(LOOK_EVERY_MS);
    }
  }
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  return open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
}
