import { withExhaustion, type UsedUp } from '../src/session/exhaustion.ts';
import type { SessionRecord } from '../src/session/record.ts';
import { changeHeld } from './change-held.ts';
import type { WorkerDeps } from './deps.ts';

/** Tells the session's owner that a limit was reached, once for each count. Throws `Leave` as `changeHeld`. */
export async function noteExhaustion(deps: WorkerDeps, session: SessionRecord, usedUp: UsedUp): Promise<void> {
  await changeHeld(deps, session, ({ session: now }) => withExhaustion(now, usedUp));
}
