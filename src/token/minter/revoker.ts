import { setTimeout as sleep } from 'node:timers/promises';
import { readTokenMended } from '../../store/mend-token.ts';
import { change, readToken } from '../../store/records.ts';
import type { TokenRecord } from '../record.ts';
import type { TokenState } from '../state.ts';
import { backoffMs } from './backoff.ts';
import { tryDeletion, type DeletionTools, type NextTry } from './deletion.ts';
import type { MinterDeps } from './deps.ts';
import { createPauses, type Pauses } from './pauses.ts';
import { createSlots } from './slots.ts';

/** Deletions at once, and those among them that the provider lets hang: tokens don't wait for one another. */
const SLOTS = { count: 32, slowAfterMs: 1_000, slowCount: 512 };

/**
 * Deletes tokens, for as long as it takes. Each token is on its own: one that a provider hangs on holds up no other.
 */
export interface Revoker {
  /**
   * Makes a live token due for deletion and resolves with its state: `revoked` once a request *with the token* was seen
   * to be refused, `revoking` if that takes longer than `waitMs`, or the final state it has already. Calls for one token
   * share one deletion.
   */
  revoke(tokenId: string, waitMs: number): Promise<TokenState | null>;
  /** Works on those of them that are due and that are this minter's to delete (see `mayPursue`). */
  lookAfter(tokenIds: string[]): void;
  close(): void;
}

export function createRevoker(deps: MinterDeps, random: () => number = Math.random): Revoker {
  const pursuit: Pursuit = {
    tools: {
      deps,
      slots: createSlots(SLOTS),
      back: (attempt, retryAfterMs) => backoffMs(attempt, retryAfterMs, random),
    },
    pauses: createPauses(random),
    closing: new AbortController(),
  };
  const underWay = new Map<string, Promise<void>>();

  const begin = (tokenId: string, asked: boolean): Promise<void> => {
    const known = underWay.get(tokenId);
    if (known !== undefined) return known;
    const work = pursue(pursuit, tokenId, asked).finally(() => underWay.delete(tokenId));
    underWay.set(tokenId, work);
    return work;
  };

  return {
    async revoke(tokenId, waitMs) {
      const token = await markDue(deps, tokenId);
      if (token?.state !== 'revoking') return token?.state ?? null;
      const waited = new AbortController();
      const late = sleep(waitMs, undefined, { signal: waited.signal }).catch(() => undefined);
      await Promise.race([begin(tokenId, true), late]);
      waited.abort();
      return (await readToken(deps.redis, tokenId))?.state ?? null;
    },
    lookAfter(tokenIds) {
      for (const tokenId of tokenIds) void begin(tokenId, false);
    },
    close() {
      pursuit.closing.abort();
      pursuit.pauses.close();
    },
  };
}

async function markDue({ redis }: MinterDeps, tokenId: string): Promise<TokenRecord | null> {
  const found = await readTokenMended(redis, tokenId);
  if (found?.state !== 'active') return found;
  const { token } = await change(redis, { sessionId: found.sessionId, tokenId }, ({ token: now }) =>
    now?.state === 'active'
      ? {
          token: { ...now, state: 'revoking', revokingAt: new Date().toISOString() },
          events: [{ type: 'token_revoking', detail: { tokenId } }],
        }
      : null,
  );
  return token;
}

interface Pursuit {
  tools: DeletionTools;
  pauses: Pauses;
  closing: AbortController;
}

/** Tries until the token is gone, its TTL has ended it, another minter has it, or the process closes. Never rejects. */
async function pursue({ tools, pauses, closing }: Pursuit, tokenId: string, asked: boolean): Promise<void> {
  let ownNextTryAt: string | null = null;
  let ledgerFailures = 0;
  let woken = false;
  while (!closing.signal.aborted) {
    const outcome: NextTry | 'deleted' | 'left' = await tryDeletion(tools, { tokenId, asked, ownNextTryAt }).catch(
      (error: unknown): NextTry => {
        tools.deps.log.error({ err: error, tokenId }, 'the ledger could not be read or written; it is tried again');
        return { waitMs: tools.back(++ledgerFailures, null), nextTryAt: ownNextTryAt, asProviderSays: false };
      },
    );
    if (outcome === 'deleted') pauses.wake();
    if (typeof outcome === 'string') return;
    ownNextTryAt = outcome.nextTryAt;
    // Woken once and failed again: its trouble is its own, so that other tokens' success must not undo its back-off.
    woken = await pauses.wait({ ms: outcome.waitMs, wakeable: !woken && !outcome.asProviderSays });
  }
}
