import { Refusal } from '../errors.ts';
import { DEADLINE_GRACE_SECONDS } from './deadline.ts';
import type { Decision, SessionFacts } from './decision.ts';
import { isEnded } from './status.ts';

/**
 * What giving a session `timeoutSeconds` from now changes: its deadline, or, before it has one, the time it will get.
 *
 * Throws `session_ended` when it has ended, is being stopped or has reached its deadline, and `beyond_token_lifetime` where
 * its token, or the one that it will get, would not last until the grace after the new deadline is over. A token that is
 * with the gateway is renewed, and sets no end.
 */
export function decideExtend({ session, token }: SessionFacts, timeoutSeconds: number, now: Date): Decision {
  if (isEnded(session.status))
    throw new Refusal('session_ended', `Session ${session.id} has ended: ${session.status}.`);
  if (session.stop !== null) throw new Refusal('session_ended', `Session ${session.id} is being stopped.`);
  const { request } = session;
  const isRenewed = request.credentials.delivery === 'gateway';
  if (session.deadlineAt === null) {
    if (!isRenewed && timeoutSeconds > request.maxTimeoutSeconds)
      throw beyond(`for ${request.maxTimeoutSeconds} seconds`);
    return {
      session: { ...session, request: { ...request, timeoutSeconds } },
      events: [{ type: 'extended', detail: { timeoutSeconds } }],
    };
  }
  if (session.status === 'stopping' || Date.parse(session.deadlineAt) <= now.getTime()) {
    throw new Refusal('session_ended', `The time of session ${session.id} was over at ${session.deadlineAt}.`);
  }
  const deadline = now.getTime() + timeoutSeconds * 1_000;
  const latest = token?.expiresAt ? graceBefore(token.expiresAt) : longestEnd(session.startedAt, request, now);
  if (!isRenewed && deadline > latest) throw beyond(`until ${new Date(latest).toISOString()}`);
  const deadlineAt = new Date(deadline).toISOString();
  return {
    session: { ...session, deadlineAt },
    events: [{ type: 'extended', detail: { timeoutSeconds, deadlineAt } }],
  };
}

/** The grace is in the token's life, so that what the session does at its deadline can still be pushed. */
function graceBefore(tokenEnd: string): number {
  return Date.parse(tokenEnd) - DEADLINE_GRACE_SECONDS * 1_000;
}

function longestEnd(startedAt: string | null, request: { maxTimeoutSeconds: number }, now: Date): number {
  return (startedAt === null ? now.getTime() : Date.parse(startedAt)) + request.maxTimeoutSeconds * 1_000;
}

function beyond(limit: string): Refusal {
  return new Refusal(
    'beyond_token_lifetime',
    `The life of its token lets the session run ${limit}. A longer session needs a larger maxTimeoutSeconds, or credentials.delivery "gateway", when it is started.`,
  );
}
