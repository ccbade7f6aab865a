import { Refusal } from '../errors.ts';
import type { Decision, SessionFacts } from './decision.ts';
import { isEnded } from './status.ts';

/**
 * What giving a session `timeoutSeconds` from now changes: its deadline, or, before it has one, the time it will get.
 *
 * Throws `session_ended` when it has ended or is being stopped, and `beyond_token_lifetime` past the end of its token,
 * or of the token that it will get. A token that is with the gateway is renewed, and sets no end.
 */
export function decideExtend({ session, token }: SessionFacts, timeoutSeconds: number, now: Date): Decision {
  if (isEnded(session.status))
    throw new Refusal('session_ended', `Session ${session.id} has ended: ${session.status}.`);
  if (session.stop !== null) throw new Refusal('session_ended', `Session ${session.id} is being stopped.`);
  const { request } = session;
  const isRenewed = request.credentials.delivery === 'gateway';
  if (session.deadlineAt === null) {
    if (!isRenewed && timeoutSeconds > request.maxTimeoutSeconds) throw beyond(`${request.maxTimeoutSeconds} seconds`);
    return {
      session: { ...session, request: { ...request, timeoutSeconds } },
      events: [{ type: 'extended', detail: { timeoutSeconds } }],
    };
  }
  const deadline = now.getTime() + timeoutSeconds * 1_000;
  const tokenEnd = token?.expiresAt ? Date.parse(token.expiresAt) : longestEnd(session.startedAt, request, now);
  if (!isRenewed && deadline > tokenEnd) throw beyond(`until ${new Date(tokenEnd).toISOString()}`);
  const deadlineAt = new Date(deadline).toISOString();
  return {
    session: { ...session, deadlineAt },
    events: [{ type: 'extended', detail: { timeoutSeconds, deadlineAt } }],
  };
}

function longestEnd(startedAt: string | null, request: { maxTimeoutSeconds: number }, now: Date): number {
  return (startedAt === null ? now.getTime() : Date.parse(startedAt)) + request.maxTimeoutSeconds * 1_000;
}

function beyond(limit: string): Refusal {
  return new Refusal(
    'beyond_token_lifetime',
    `The session's token lives ${limit}. A longer session needs a larger maxTimeoutSeconds, or credentials.delivery "gateway", when it is started.`,
  );
}
