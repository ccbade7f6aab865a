import type { SessionRecord } from '../src/session/record.ts';
import { change, type Change, type View } from '../src/store/records.ts';
import type { WorkerDeps } from './deps.ts';
import { Leave } from './leave.ts';
import { whileStoreAway } from './while-store-away.ts';

/** A session and its token as the one who holds them sees them. */
export type HeldView = View & { session: SessionRecord };

/**
 * Changes a session that this worker holds, and waits for a store that cannot serve. Throws `Leave` when another one has taken it meanwhile: a worker that was
 * frozen for a while, and wakes up, writes nothing. The session's secrets are masked in what is told of it. Where the store has lost the record nothing is written either.
 */
export async function changeHeld(
  { redis, masks }: Pick<WorkerDeps, 'redis' | 'masks'>,
  { id: sessionId, tokenId, term }: Pick<SessionRecord, 'id' | 'tokenId' | 'term'>,
  decide: (view: HeldView) => Change | null,
): Promise<View> {
  return whileStoreAway(() =>
    change(redis, { sessionId, tokenId }, ({ session, token }) => {
      if (session === null) return null;
      if (session.term !== term) throw new Leave('superseded');
      const wanted = decide({ session, token });
      return wanted?.events === undefined ? wanted : { ...wanted, events: masks.of(sessionId, wanted.events) };
    }),
  );
}
