import { failpoint } from '../../src/ops/failpoints.ts';
import type { SessionRecord } from '../../src/session/record.ts';
import { isEnded } from '../../src/session/status.ts';
import { change, type Change, type View } from '../../src/store/records.ts';
import type { WorkerDeps } from '../deps.ts';
import type { Ending } from '../ending.ts';

/**
 * Ends the session and makes its token due for deletion, in one step: from here on a live token is illegal in the
 * ledger, for every process that looks. Safe to call twice: the first ending counts.
 */
export async function endSession(
  { redis }: Pick<WorkerDeps, 'redis'>,
  { id, tokenId }: Pick<SessionRecord, 'id' | 'tokenId'>,
  { failure, ...ending }: Ending,
  redact: (text: string) => string = (text) => text,
): Promise<void> {
  // What failed may quote what a program said, and programs know the session's secrets.
  const safe = failure && { ...failure, message: redact(failure.message) };
  await change(redis, { sessionId: id, tokenId }, (view) =>
    endedBy(view, { ...ending, failure: safe }, new Date().toISOString()),
  );
  await failpoint('worker.ended');
}

function endedBy({ session, token }: View, { status, exitCode, failure }: Ending, now: string): Change | null {
  if (session === null || isEnded(session.status)) return null;
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
