import type { Call, Host } from './host.ts';
import type { ReceivedBody } from './incoming/received-body.ts';

/** The structure of what is no larger takes little memory. */
const SMALL_BYTES = 512 * 1024;

/**
 * Runs work that makes something of a body that has arrived and writes it, when there is a place; those with a large body go one
 * at a time, as the structure of it is in memory meanwhile. Throws what the gates throw, and what `work` throws.
 */
export async function writeInTurn<T>(
  { gates }: Pick<Host, 'gates'>,
  { by, signal }: Pick<Call, 'by' | 'signal'>,
  body: Pick<ReceivedBody, 'bytes'>,
  work: () => Promise<T>,
): Promise<T> {
  const write = (): Promise<T> => gates.writing.run(by, signal, work);
  return body.bytes <= SMALL_BYTES ? write() : gates.content.run(by, signal, write);
}
