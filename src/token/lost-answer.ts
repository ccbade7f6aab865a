import type { TokenRecord } from './record.ts';

/** A provider that is asked has taken the request by then, or never will: the connection is given up earlier. */
const TAKEN_WITHIN_MS = 60_000;

/**
 * The line of an intent whose answer is lost, or never came: a token may exist whose value nobody has. Its lifetime ends
 * it, counted from the latest time at which the provider can have minted it. Pure.
 */
export function withLostAnswer(intent: TokenRecord, lastError: string | null, now: Date): TokenRecord {
  const mintedByMs = intent.askedAt ? Date.parse(intent.askedAt) + TAKEN_WITHIN_MS : now.getTime();
  const expiresAt = new Date(mintedByMs + intent.ttlSeconds * 1000).toISOString();
  return { ...intent, state: 'unknown', expiresAt, lastError: lastError ?? intent.lastError };
}
