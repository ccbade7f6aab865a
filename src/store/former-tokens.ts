import type { FormerToken } from '../session/decision.ts';
import type { SessionRecord } from '../session/record.ts';
import { keys } from './keys.ts';
import { ifReadable, parseToken } from './parse-record.ts';
import type { Redis } from './redis.ts';

/** The tokens that a session had before its current one, in their order. */
export async function readFormerTokens(
  redis: Redis,
  { formerTokenIds = [] }: Pick<SessionRecord, 'formerTokenIds'>,
): Promise<FormerToken[]> {
  if (formerTokenIds.length === 0) return [];
  const texts = await redis.mget(formerTokenIds.map(keys.token));
  return formerTokenIds.map((id, i) => ({ id, line: ifReadable(() => parseToken(id, texts[i] ?? null)) }));
}
