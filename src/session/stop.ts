import type { TokenRecord } from '../token/record.ts';
import type { Decision, SessionFacts } from './decision.ts';
import type { NewEvent } from './event.ts';
import type { SessionRecord, StopRequest } from './record.ts';
import { isEnded } from './status.ts';

export type WantedStop = Pick<StopRequest, 'graceSeconds' | 'revoke'>;

/**
 * What stopping a session changes. Safe to repeat: the first stop counts, and a later one can only hasten it.
 *
 * - queued: it ends at once, as nothing of it runs.
 * - starting, running, stopping: the wish is recorded, for its worker to carry out.
 * - ended: nothing.
 *
 * With `revoke: "now"`, and whenever the session ends here, its token is to be deleted from this moment on.
 */
export function decideStop({ session, token }: SessionFacts, wanted: WantedStop, now: Date): Decision | null {
  if (isEnded(session.status)) return null;
  const stop = combine(session.stop, wanted, now);
  const revoking = stop.revoke === 'now' || session.status === 'queued' ? decideRevoke(token, now) : null;
  const changed = !sameStop(session.stop, stop);
  if (!changed && revoking === null) return null;
  const events: NewEvent[] = changed
    ? [{ type: 'stop_requested', detail: { graceSeconds: stop.graceSeconds, revoke: stop.revoke } }]
    : [];
  events.push(...(revoking?.events ?? []));
  if (session.status !== 'queued') return { session: { ...session, stop }, ...tokenOf(revoking), events };
  const ended: SessionRecord = {
    ...session,
    stop,
    status: 'stopped',
    endedAt: now.toISOString(),
    sealedSecrets: null,
  };
  return {
    session: ended,
    ...tokenOf(revoking),
    events: [...events, { type: 'ended', detail: { status: 'stopped' } }],
  };
}

/** What wanting a token gone changes: nothing unless it is active. */
export function decideRevoke(token: TokenRecord | null, now: Date): { token: TokenRecord; events: NewEvent[] } | null {
  if (token?.state !== 'active') return null;
  return {
    token: { ...token, state: 'revoking', revokingAt: now.toISOString() },
    events: [{ type: 'token_revoking', detail: { tokenId: token.id } }],
  };
}

/** The time of the first stop is kept, so the grace of a later one is counted from there. */
function combine(first: StopRequest | null, wanted: WantedStop, now: Date): StopRequest {
  if (first === null) return { requestedAt: now.toISOString(), ...wanted };
  const elapsedSeconds = Math.max(0, Math.ceil((now.getTime() - Date.parse(first.requestedAt)) / 1_000));
  return {
    requestedAt: first.requestedAt,
    graceSeconds: Math.min(first.graceSeconds, elapsedSeconds + wanted.graceSeconds),
    revoke: first.revoke === 'now' ? 'now' : wanted.revoke,
  };
}

function sameStop(before: StopRequest | null, after: StopRequest): boolean {
  return before !== null && before.graceSeconds === after.graceSeconds && before.revoke === after.revoke;
}

function tokenOf(revoking: { token: TokenRecord } | null): { token?: TokenRecord } {
  return revoking === null ? {} : { token: revoking.token };
}
