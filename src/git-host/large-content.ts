import type { IncomingMessage } from 'node:http';
import type { Host, RepoCall } from './host.ts';

/** What is no larger may be held by any number of calls at once. */
const SMALL_BYTES = 1024 * 1024;

/**
 * Runs work that holds so many bytes of content in memory as a whole: at once where they are few, else in turn. Throws what
 * the gate throws, and what `work` throws.
 */
export async function inTurnIfLarge<T>(
  host: Pick<Host, 'gates'>,
  { by, signal }: Pick<RepoCall, 'by' | 'signal'>,
  bytes: number,
  work: () => Promise<T>,
): Promise<T> {
  return bytes <= SMALL_BYTES ? work() : host.gates.content.run(by, signal, work);
}

/** How large a request says that its body is; one that does not say so may be of any size. */
export function announcedBytes({ headers }: IncomingMessage): number {
  const length = headers['content-length'];
  if (length !== undefined) return Number(length);
  return headers['transfer-encoding'] === undefined ? 0 : Infinity;
}
