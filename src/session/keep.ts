import type { TokenRecord } from '../token/record.ts';
import { isTokenFinal } from '../token/state.ts';
import { CLOCK_SKEW_MS } from '../token/token-upkeep.ts';
import type { SessionFacts } from './decision.ts';
import { isEnded } from './status.ts';

/**
 * Why a session may not be forgotten yet; null when it may. A record goes only when nothing is left that it is needed to
 * find: no container, and no token that may still open a repo.
 */
export function whyKept({ session, token }: SessionFacts, now: Date): string | null {
  if (!isEnded(session.status)) return `It is ${session.status}. Stop it first.`;
  if (session.sandbox !== null && session.sandbox.removedAt === null) {
    return `It has ended, but its container ${session.sandbox.id} is not removed yet.`;
  }
  return token === null ? null : whyTokenKept(token, now);
}

function whyTokenKept(token: TokenRecord, now: Date): string | null {
  if (isTokenFinal(token.state)) return null;
  if (token.state !== 'unknown') return `It has ended, but its token ${token.id} is ${token.state}.`;
  const end = lifetimeEndMs(token) + CLOCK_SKEW_MS;
  if (end <= now.getTime()) return null;
  return `Whether its token ${token.id} was made is unknown; it is listed until ${new Date(end).toISOString()}.`;
}

function lifetimeEndMs({ expiresAt, intendedAt, ttlSeconds }: TokenRecord): number {
  return expiresAt === null ? Date.parse(intendedAt) + ttlSeconds * 1_000 : Date.parse(expiresAt);
}
