import { setTimeout as sleep } from 'node:timers/promises';
import { describe } from '../../errors.ts';
import { change, readToken } from '../../store/records.ts';
import { ProviderError } from '../provider.ts';
import type { TokenRecord } from '../record.ts';
import type { TokenState } from '../state.ts';
import { backoffMs } from './backoff.ts';
import type { MinterDeps } from './deps.ts';
import { createSlots, type Slots } from './slots.ts';

/** Calls to the provider at once; the rest wait for a place, not for one another's back-off. */
const MAX_CALLS = 32;
const CALL_TIMEOUT_MS = 10_000;
/** Clocks of ours and the provider's may differ by this much. */
const CLOCK_SKEW_MS = 60_000;

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
  /** Goes on with everything that was due for deletion when the process last ended. */
  resume(tokenIds: string[]): void;
  close(): void;
}

export function createRevoker(deps: MinterDeps, random: () => number = Math.random): Revoker {
  const slots = createSlots(MAX_CALLS);
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
async function pursue(pursuit: Pursuit, tokenId: string): Promise<void> {
  const { deps, random, closing } = pursuit;
  for (let attempt = 1; !closing.aborted; attempt++) {
    const waitMs = await tryOnce(pursuit, tokenId, attempt).catch((error: unknown) => {
      deps.log.error({ err: error, tokenId }, 'the ledger could not be read or written; the deletion is tried again');
      return backoffMs(attempt, null, random);
    });
    if (waitMs === null) return;
    await sleep(waitMs, undefined, { signal: closing }).catch(() => undefined);
  }
}

/** Gives how long to wait before the next try; null when nothing is left to do. Throws when the ledger is away. */
async function tryOnce({ deps, slots, random }: Pursuit, tokenId: string, attempt: number): Promise<number | null> {
  const token = await readToken(deps.redis, tokenId);
  if (token?.state !== 'revoking') return null;
  if (Date.parse(token.expiresAt ?? '') + CLOCK_SKEW_MS < Date.now()) {
    await settle(deps, token, 'expired');
    return null;
  }
  try {
    const deletedAt = await slots.run(() => deleteAndLook(deps, token));
    await settle(deps, token, 'revoked', deletedAt);
    return null;
  } catch (error) {
    const waitMs = backoffMs(attempt, error instanceof ProviderError ? error.retryAfterMs : null, random);
    await recordFailure(deps, token, error, waitMs);
    return waitMs;
  }
}

/** One try: delete, then ask with the token. Gives the time at which the deletion was answered. */
async function deleteAndLook({ provider, keyRing }: MinterDeps, token: TokenRecord): Promise<Date> {
  const value = keyRing.open(token.sealed ?? '', token.id);
  await provider.delete(value, AbortSignal.timeout(CALL_TIMEOUT_MS));
  const deletedAt = new Date();
  const refused = await provider.isRefused(value, token.grants[0]?.repoId ?? '', AbortSignal.timeout(CALL_TIMEOUT_MS));
  if (!refused)
    throw new ProviderError('unavailable', 'The repo host confirmed the deletion, but the token still opens its repo');
  return deletedAt;
}

async function settle(
  deps: MinterDeps,
  { id, sessionId }: TokenRecord,
  state: 'revoked' | 'expired',
  deletedAt?: Date,
): Promise<void> {
  const now = new Date().toISOString();
  await change(deps.redis, { sessionId, tokenId: id }, ({ token }) => {
    if (token?.state !== 'revoking') return null;
    const attempts = token.attempts + (state === 'revoked' ? 1 : 0);
    const revocationMs = Date.parse(now) - Date.parse(token.revokingAt ?? now);
    return {
      token: {
        ...token,
        state,
        attempts,
        revokedAt: deletedAt?.toISOString() ?? null,
        verifiedAt: deletedAt ? now : null,
        sealed: null,
      },
      events: [{ type: `token_${state}`, detail: { tokenId: id, attempts, revocationMs } }],
    };
  });
  await deps.spool.drop(id);
}

async function recordFailure(
  { redis, log }: MinterDeps,
  { id, sessionId }: TokenRecord,
  error: unknown,
  waitMs: number,
): Promise<void> {
  const reason = describe(error);
  const alarm = error instanceof ProviderError && error.kind === 'unauthorized';
  log[alarm ? 'error' : 'warn'](
    { tokenId: id, sessionId, reason, waitMs },
    'a token is not deleted yet; it is tried again',
  );
  await change(redis, { sessionId, tokenId: id }, ({ token }) =>
    token?.state === 'revoking' ? { token: { ...token, attempts: token.attempts + 1, lastError: reason } } : null,
  );
}
