import type { SessionRecord } from './record.ts';

/** The session with another token as its current one; the former goes on being named, as it may be alive. Pure. */
export function withToken(session: SessionRecord, tokenId: string): SessionRecord {
  const former = session.tokenId;
  if (former === null || former === tokenId) return { ...session, tokenId };
  return { ...session, tokenId, formerTokenIds: [...(session.formerTokenIds ?? []), former] };
}
