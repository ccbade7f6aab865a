import { setTimeout as sleep } from 'node:timers/promises';
import type { SessionRecord } from '../../src/session/record.ts';
import { change } from '../../src/store/records.ts';
import type { WorkerDeps } from '../deps.ts';
import type { LeaveReason } from '../leave.ts';
import { whileStoreAway } from '../while-store-away.ts';
import type { OpenSandbox } from './open-sandbox.ts';

const STORE_MS = 500;

/** Leaves the session to the next worker. Its sandbox is not touched and runs on. */
export async function letGo(
  deps: WorkerDeps,
  session: SessionRecord,
  sandbox: OpenSandbox | null,
  reason: LeaveReason,
): Promise<void> {
  sandbox?.close();
  // What is not stored in time is read again by the next one.
  const stored = sandbox?.log.handOver().catch(() => undefined);
  await Promise.race([stored, sleep(STORE_MS)]);
  if (reason === 'handed_over') await handOver(deps, session);
}

/**
 * The new term keeps whatever this process may still have on its way from being written. Safe to repeat, as a reply may be
 * lost: then it is done already.
 */
async function handOver({ redis, config }: WorkerDeps, { id, term }: SessionRecord): Promise<void> {
  const handedOverAt = new Date().toISOString();
  await whileStoreAway(() =>
    change(redis, { sessionId: id }, ({ session: now }) => {
      if (now?.term !== term) return null;
      return {
        session: { ...now, worker: null, handedOverAt, term: term + 1 },
        events: [{ type: 'handed_over', detail: { worker: config.workerName } }],
      };
    }),
  );
}
