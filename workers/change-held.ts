import type { SessionRecord } from '../src/session/record.ts';
import { change, type Change, type View } from '../src/store/records.ts';
import type { WorkerDeps } from './deps.ts';
import { Leave } from './leave.ts';
import { whileStoreAway } from './while-store-away.ts';

/** A session and its token as the one who holds them sees them. */
export type HeldView = View & { session: SessionRecord };

/**
 * Changes a session that this worker holds, and waits for a store that cannot serve. Throws `Leave` when another one has taken it meanwhile: a worker that was
 * frozen for a while, and wakes up, writes nothing. Where the store has lost the record nothing is written either. Texts from outside are masked before they get here.
 */
export async function changeHeld(
  { redis }: Pick<WorkerDeps, 'redis'>,
  { id: sessionId, tokenId, term }: Pick<SessionRecord, 'id' | 'tokenId' | 'term'>,
  decide: (view: HeldView) => Change | null,
): Promise<View> {
  return whileStoreAway(() =>
    change(redis, { sessionId, tokenId }, ({ session, token }) => {
      if (session === null) return null;
      if (session.term !== term) throw new Leave('superseded');
      return decide({ session, token });
    }),
  );
}
