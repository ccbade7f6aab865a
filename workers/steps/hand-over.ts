import type { SessionRecord } from '../../src/session/record.ts';
import { changeHeld } from '../change-held.ts';
import type { WorkerDeps } from '../deps.ts';

/**
 * Leaves the session to the next worker. Its sandbox is not touched and runs on. The new term keeps whatever this process
 * may still have on its way from being written.
 */
export async function handOver(deps: WorkerDeps, session: SessionRecord): Promise<void> {
  await changeHeld(deps, session, ({ session: now }) => ({
    session: { ...now, worker: null, term: now.term + 1 },
    events: [{ type: 'handed_over', detail: { worker: deps.config.workerName } }],
  }));
}
