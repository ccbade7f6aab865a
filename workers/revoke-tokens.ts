import type { SessionRecord } from '../src/session/record.ts';
import { readSession } from '../src/store/records.ts';
import type { WorkerDeps } from './deps.ts';

/**
 * Has every token deleted that a session has or had, before its end is written down. Resolves when the minter has seen them
 * refused, or says that it takes longer; rejects when it cannot be asked, or not within `timeoutMs`.
 */
export async function revokeTokens(
  { redis, minter }: Pick<WorkerDeps, 'redis' | 'minter'>,
  session: Pick<SessionRecord, 'id' | 'tokenId' | 'formerTokenIds'>,
  timeoutMs: number,
): Promise<void> {
  const signal = AbortSignal.timeout(timeoutMs);
  // It may have been renewed since this worker took it. A store that does not answer must not keep a token alive.
  const latest = await Promise.race([readSession(redis, session.id), after(LOOK_MS)]).catch(() => null);
  const { tokenId, formerTokenIds = [] } = latest ?? session;
  const ids = [...(tokenId === null ? [] : [tokenId]), ...formerTokenIds];
  await Promise.all(ids.map((id) => minter.revoke(id, signal)));
}

const LOOK_MS = 500;

function after(timeoutMs: number): Promise<null> {
  return new Promise((resolve) => setTimeout(() => resolve(null), timeoutMs).unref());
}
