import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

const CHUNK_BYTES = 64 * 1024;

/** Flags for a file that another user may have put there: a link is not followed, and a pipe not waited for. */
export const AS_IT_LIES = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A file holds more than is read of it. */
export class FileTooLong extends Error {
  override readonly name = 'FileTooLong';

  constructor(path: string, maxBytes: number) {
    super(`${path} is longer than ${maxBytes} bytes, which is more than such a file has`);
  }
}

/**
 * The text of a file of at most `maxBytes`, in UTF-8. Throws `FileTooLong` before more is read, also where the file says less of
 * its size than it gives, and what the file system says where it cannot be read.
 */
export async function readFileUpTo(
  path: string,
  maxBytes: number,
  flags: number = constants.O_RDONLY,
): Promise<string> {
  await using file = await open(path, flags);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for (;;) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(maxBytes + 1 - bytes, CHUNK_BYTES)));
    if (bytesRead === 0) return Buffer.concat(chunks).toString();
    bytes += bytesRead;
    if (bytes > maxBytes) throw new FileTooLong(path, maxBytes);
    chunks.push(buffer.subarray(0, bytesRead));
  }
}
