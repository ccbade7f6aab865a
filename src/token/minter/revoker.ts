import { setTimeout as sleep } from 'node:timers/promises';
import { change, readToken } from '../../store/records.ts';
import type { TokenRecord } from '../record.ts';
import type { TokenState } from '../state.ts';
import { backoffMs } from './backoff.ts';
import { tryDeletion } from './deletion.ts';
import type { MinterDeps } from './deps.ts';
import { createSlots, type Slots } from './slots.ts';

/** Deletions at once; the rest wait for a place, not for one another's back-off. */
const MAX_DELETIONS = 32;

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
  /** Works on tokens that are due already: after a start, or when a minting came too late. Others are left alone. */
  resume(tokenIds: string[]): void;
  close(): void;
}

export function createRevoker(deps: MinterDeps, random: () => number = Math.random): Revoker {
  const slots = createSlots(MAX_DELETIONS);
  const closing = new AbortController();
  const underWay = new Map<string, Promise<void>>();

  const begin = (tokenId: string): Promise<void> => {
    const known = underWay.get(tokenId);
    if (known !== undefined) return known;
    const work = pursue({ deps, slots, random, closing: closing.signal }, tokenId).finally(() =>
      underWay.delete(tokenId),
    );
    underWay.set(tokenId, work);
    return work;
  };

  return {
    async revoke(tokenId, waitMs) {
      const token = await markDue(deps, tokenId);
      if (token?.state !== 'revoking') return token?.state ?? null;
      const waited = new AbortController();
      await Promise.race([begin(tokenId), sleep(waitMs, undefined, { signal: waited.signal }).catch(() => undefined)]);
      waited.abort();
      return (await readToken(deps.redis, tokenId))?.state ?? null;
    },
    resume(tokenIds) {
      for (const tokenId of tokenIds) void begin(tokenId);
    },
    close: () => closing.abort(),
  };
}

async function markDue({ redis }: MinterDeps, tokenId: string): Promise<TokenRecord | null> {
  const found = await readToken(redis, tokenId);
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
  deps: MinterDeps;
  slots: Slots;
  random: () => number;
  closing: AbortSignal;
}

/** Tries until the token is gone, or its TTL has ended it, or the process closes. Never rejects. */
async function pursue({ deps, slots, random, closing }: Pursuit, tokenId: string): Promise<void> {
  for (let attempt = 1; !closing.aborted; attempt++) {
    const back = (retryAfterMs: number | null): number => backoffMs(attempt, retryAfterMs, random);
    const waitMs = await tryDeletion({ deps, slots, back }, tokenId).catch((error: unknown) => {
      deps.log.error({ err: error, tokenId }, 'the ledger could not be read or written; the deletion is tried again');
      return back(null);
    });
    if (waitMs === null) return;
    await sleep(waitMs, undefined, { signal: closing }).catch(() => undefined);
  }
}
