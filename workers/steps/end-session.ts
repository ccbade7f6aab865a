import { isOwnFault } from '../../src/ops/own-fault.ts';
import type { SessionRecord } from '../../src/session/record.ts';
import { isEnded } from '../../src/session/status.ts';
import { change, readSession, type Change, type View } from '../../src/store/records.ts';
import type { WorkerDeps } from '../deps.ts';
import { endByFault } from '../end-by-fault.ts';
import type { Ending } from '../ending.ts';
import { Leave } from '../leave.ts';
import { whileStoreAway } from '../while-store-away.ts';

/**
 * Ends the session as `writeEnd` does; by the last resort, as `internal_error`, where that fails by a fault of ours.
 *
 * Throws `Leave` when another worker holds it by now.
 */
export async function endSession(
  deps: Pick<WorkerDeps, 'redis' | 'log' | 'masks'>,
  session: SessionRecord,
  ending: Ending,
): Promise<void> {
  try {
    await writeEnd(deps, session, ending);
  } catch (error) {
    if (error instanceof Leave || !isOwnFault(error)) throw error;
    const fault = { step: 'end', thrown: error };
    if (!(await endByFault(deps, session.id, fault, ({ term }) => term === session.term)))
      throw new Leave('superseded');
  }
}

/**
 * Ends the session and makes its token due for deletion, in one step: from here on a live token is illegal in the
 * ledger, for every process that looks. Safe to call twice: the first ending counts. A record that the store has lost
 * is written again, so that the session still has its one end.
 *
 * Throws `Leave` when another worker holds it by now.
 */
async function writeEnd({ redis }: Pick<WorkerDeps, 'redis'>, session: SessionRecord, ending: Ending): Promise<void> {
  for (;;) {
    // It may have been renewed since this worker took it.
    const { tokenId } = (await whileStoreAway(() => readSession(redis, session.id))) ?? session;
    const after = await whileStoreAway(() =>
      change(redis, { sessionId: session.id, tokenId }, (view) => {
        const latest = view.session ?? session;
        if (isEnded(latest.status) || latest.tokenId !== tokenId) return null;
        if (latest.term !== session.term) throw new Leave('superseded');
        return endedBy(latest, view.token, ending, new Date().toISOString());
      }),
    );
    if (after.session === null || isEnded(after.session.status)) return;
  }
}

function endedBy(
  session: SessionRecord,
  token: View['token'],
  { status, exitCode, failure }: Ending,
  now: string,
): Change {
  const ended: Change = {
    session: { ...session, status, exitCode, failure, endedAt: now },
    events: [{ type: 'ended', detail: { status, exitCode, failure } }],
  };
  if (token?.state !== 'active') return ended;
  return {
    ...ended,
    token: { ...token, state: 'revoking', revokingAt: now },
    events: [...(ended.events ?? []), { type: 'token_revoking', detail: { tokenId: token.id } }],
  };
}
