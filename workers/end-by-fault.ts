import type { SessionRecord } from '../src/session/record.ts';
import { endAtLast } from '../src/store/last-resort.ts';
import type { WorkerDeps } from './deps.ts';
import { toFailure } from './ending.ts';
import { whileStoreAway } from './while-store-away.ts';

/** What went wrong by a fault of ours, and in which step. */
export interface Fault {
  step: string;
  thrown: unknown;
}

/**
 * Ends a session that a fault of Daypass itself keeps from going on, and from ending as others do: `failed`, with
 * `internal_error`. It must not be tried again, as that fails in the same way and holds its slot and its token meanwhile.
 *
 * `mayEnd` is asked about a record that can be read. False when that says no, or there is no record: it is another's then.
 */
export async function endByFault(
  { redis, log, masks }: Pick<WorkerDeps, 'redis' | 'log' | 'masks'>,
  sessionId: string,
  fault: Fault,
  mayEnd: (session: SessionRecord) => boolean,
): Promise<boolean> {
  log.error({ err: fault.thrown, sessionId, step: fault.step }, 'a fault of Daypass itself ends a session');
  const failure = toFailure(fault, masks.of(sessionId));
  return whileStoreAway(() => endAtLast(redis, sessionId, { failure, mayEnd }));
}
