import type { FormerToken } from '../session/decision.ts';
import type { SessionRecord } from '../session/record.ts';
import type { TokenRecord } from '../token/record.ts';
import { keys } from './keys.ts';
import type { Redis } from './redis.ts';

/** The tokens that a session had before its current one, in their order. */
export async function readFormerTokens(
  redis: Redis,
  { formerTokenIds = [] }: Pick<SessionRecord, 'formerTokenIds'>,
): Promise<FormerToken[]> {
  if (formerTokenIds.length === 0) return [];
  const texts = await redis.mget(formerTokenIds.map(keys.token));
  // Only `change` writes these keys.
  return formerTokenIds.map((id, i) => ({ id, line: texts[i] ? (JSON.parse(texts[i]) as TokenRecord) : null }));
}
