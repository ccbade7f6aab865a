import { parseStored } from '../json/parse-stored.ts';
import { intendToken } from './intent.ts';
import { withLostAnswer } from './lost-answer.ts';
import type { RepoGrant, TokenRecord } from './record.ts';
import { tokenShape } from './record-shape.ts';
import { isTokenFinal, type TokenState } from './state.ts';

/** What is known of a token without its line: by the indexes that list it, and by its session. */
export interface TokenKnownBesides {
  id: string;
  sessionId: string;
  /** Where an index lists it; null: in none. */
  state: TokenState | null;
  intendedAt: Date;
  grants: RepoGrant[];
  /** The longest that it can have been asked for. */
  ttlSeconds: number;
}

/**
 * A readable line of the ledger out of one that is not: every field that can be read is kept, every other is what is known
 * without it, or nothing. A token that was over stays as it was. Any other is to be deleted; where its value cannot be read,
 * it is `unknown`: its lifetime ends it, unless a minter's spool has the value. Pure.
 */
export function salvageToken(text: string, known: TokenKnownBesides, now: Date): TokenRecord {
  const { state: listedAs, intendedAt, ...besides } = known;
  const read = fieldsIn(text);
  const nothing: TokenRecord = intendToken({ ...besides, now: intendedAt });
  const fields = Object.entries(tokenShape.shape).flatMap(([name, shape]) => {
    const sound = shape.safeParse(read[name]).success ? read[name] : undefined;
    const value = sound ?? nothing[name as keyof TokenRecord];
    return value === undefined ? [] : [[name, value]];
  });
  const kept = { ...(Object.fromEntries(fields) as unknown as TokenRecord), id: known.id };
  const state = listedAs ?? kept.state;
  if (isTokenFinal(state)) return { ...kept, state };
  if (kept.sealed === null) {
    return kept.expiresAt === null
      ? withLostAnswer(kept, VALUE_LOST, now)
      : { ...kept, state: 'unknown', lastError: VALUE_LOST };
  }
  return { ...kept, state: 'revoking', revokingAt: kept.revokingAt ?? now.toISOString(), nextTryAt: null };
}

const VALUE_LOST = 'Its line in the ledger could not be read, so its value is lost; the end of its lifetime ends it';

function fieldsIn(text: string): Record<string, unknown> {
  try {
    return { ...(parseStored(text) as Record<string, unknown>) };
  } catch {
    return {};
  }
}
