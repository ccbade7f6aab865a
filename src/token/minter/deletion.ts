import { describe } from '../../errors.ts';
import { failpoint } from '../../ops/failpoints.ts';
import { change, readToken } from '../../store/records.ts';
import { ProviderError } from '../provider.ts';
import type { TokenRecord } from '../record.ts';
import type { MinterDeps } from './deps.ts';
import type { Slots } from './slots.ts';

const CALL_TIMEOUT_MS = 10_000;
/** Clocks of ours and the provider's may differ by this much. */
const CLOCK_SKEW_MS = 60_000;

export interface DeletionTools {
  deps: MinterDeps;
  /** Bounds the calls to the provider. */
  slots: Slots;
  /** How long to wait after a failure, with what the provider asked for. */
  back: (retryAfterMs: number | null) => number;
}

/**
 * One try at a token that is due. Gives how long to wait before the next, null when nothing is left to do. What the
 * provider does wrong is written to the ledger; throws only when the ledger itself is away.
 */
export async function tryDeletion({ deps, slots, back }: DeletionTools, tokenId: string): Promise<number | null> {
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
    const waitMs = back(error instanceof ProviderError ? error.retryAfterMs : null);
    await recordFailure(deps, token, error, waitMs);
    return waitMs;
  }
}

/** One try: delete, then ask with the token. Gives the time at which the deletion was answered. */
async function deleteAndLook({ provider, keyRing }: MinterDeps, token: TokenRecord): Promise<Date> {
  const value = keyRing.open(token.sealed ?? '', token.id);
  await provider.delete(value, AbortSignal.timeout(CALL_TIMEOUT_MS));
  await failpoint('minter.deletion_sent');
  const deletedAt = new Date();
  const refused = await provider.isRefused(value, token.grants[0]?.repoId ?? '', AbortSignal.timeout(CALL_TIMEOUT_MS));
  if (!refused)
    throw new ProviderError('unavailable', 'The repo host confirmed the deletion, but the token still opens its repo');
  await failpoint('minter.deletion_seen');
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
  await failpoint('minter.revoked_written');
  await deps.spool.drop(id);
  await failpoint('minter.spool_dropped');
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
