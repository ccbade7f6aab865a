import type { SessionRecord } from '../../src/session/record.ts';
import { isEnded } from '../../src/session/status.ts';
import { change, readSession, type Change, type View } from '../../src/store/records.ts';
import type { WorkerDeps } from '../deps.ts';
import type { Ending } from '../ending.ts';
import { Leave } from '../leave.ts';
import { whileStoreAway } from '../while-store-away.ts';

/**
 * Ends the session and makes its token due for deletion, in one step: from here on a live token is illegal in the
 * ledger, for every process that looks. Safe to call twice: the first ending counts. A record that the store has lost
 * is written again, so that the session still has its one end.
 *
 * Throws `Leave` when another worker holds it by now.
 */
export async function endSession(
  { redis, masks }: Pick<WorkerDeps, 'redis' | 'masks'>,
  session: SessionRecord,
  ending: Ending,
): Promise<void> {
  // What failed may quote what a program said, and programs know the session's secrets.
  const safe = masks.of(session.id, ending);
  for (;;) {
    // It may have been renewed since this worker took it.
    const { tokenId } = (await whileStoreAway(() => readSession(redis, session.id))) ?? session;
    const after = await whileStoreAway(() =>
      change(redis, { sessionId: session.id, tokenId }, (view) => {
        const latest = view.session ?? session;
        if (isEnded(latest.status) || latest.tokenId !== tokenId) return null;
        if (latest.term !== session.term) throw new Leave('superseded');
        return endedBy(latest, view.token, safe, new Date().toISOString());
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
