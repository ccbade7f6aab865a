import { setTimeout as sleep } from 'node:timers/promises';
import type { SessionRecord } from '../../src/session/record.ts';
import { changeHeld } from '../change-held.ts';
import type { WorkerDeps } from '../deps.ts';
import type { OpenSandbox } from './open-sandbox.ts';

const STORE_MS = 500;

/**
 * Leaves the session to the next worker. Its sandbox is not touched and runs on. The new term keeps whatever this process
 * may still have on its way from being written.
 */
export async function handOver(deps: WorkerDeps, session: SessionRecord, sandbox: OpenSandbox | null): Promise<void> {
  // What is not stored in time is read again by the next one.
  const stored = sandbox?.log.handOver().catch(() => undefined);
  await Promise.race([stored, sleep(STORE_MS)]);
  await changeHeld(deps, session, ({ session: now }) => ({
    session: { ...now, worker: null, handedOverAt: new Date().toISOString(), term: now.term + 1 },
    events: [{ type: 'handed_over', detail: { worker: deps.config.workerName } }],
  }));
}
