import type { KeyObject } from 'node:crypto';
import { describe } from '../../errors.ts';
import { needsValues } from '../../session/needs-values.ts';
import { failpoint } from '../../ops/failpoints.ts';
import { change, readToken } from '../../store/records.ts';
import { ProviderError } from '../provider.ts';
import { testify } from '../receipt/testimony.ts';
import type { TokenRecord } from '../record.ts';
import type { MinterDeps } from './deps.ts';
import { claimUntil, mayPursue } from './may-pursue.ts';
import { openToken } from './open-token.ts';
import type { Slots } from './slots.ts';

const CALL_TIMEOUT_MS = 10_000;
/** However wrong a clock or a time zone is, a token is over by so long after its end. */
const SURELY_OVER_AFTER_MS = 86_400_000;

export interface DeletionTools {
  deps: MinterDeps;
  /** Bounds the calls to the provider. */
  slots: Slots;
  /** How long to wait after the failure of this attempt, counted from 1, with what the provider asked for. */
  back: (attempt: number, retryAfterMs: number | null) => number;
}

export interface TokenInPursuit {
  tokenId: string;
  asked: boolean;
  ownNextTryAt: string | null;
}

/** What is to follow a try that failed. */
export interface NextTry {
  waitMs: number;
  /** As it is in the ledger now. */
  nextTryAt: string | null;
  /** The provider named the time, so it is kept. */
  asProviderSays: boolean;
}

/**
 * One try at a token that is due. What the provider does wrong is written to the ledger; throws only when the ledger
 * itself is away. `left`: there is nothing to do, or it is another minter's.
 */
export async function tryDeletion(
  { deps, slots, back }: DeletionTools,
  { tokenId, asked, ownNextTryAt }: TokenInPursuit,
): Promise<NextTry | 'deleted' | 'left'> {
  const token = await readToken(deps.redis, tokenId);
  if (token?.state !== 'revoking') return 'left';
  const held = token.minter === deps.name || (await deps.spool.get(tokenId)) !== null;
  if (!mayPursue(token, { held, asked, ownNextTryAt }, Date.now())) return 'left';
  if (!held && !(await claim(deps, token))) return 'left';
  try {
    // The back-off goes on where it was in an earlier life; what was never tried goes first.
    const refusal = await slots.run(() => deleteAndLook(deps, token), { first: token.attempts === 0 });
    await settle(deps, token, 'revoked', refusal);
    return 'deleted';
  } catch (error) {
    if (isSurelyOver(token, Date.now()) && !(error instanceof StillOpens)) {
      await settle(deps, token, 'expired');
      return 'left';
    }
    const retryAfterMs = error instanceof ProviderError ? error.retryAfterMs : null;
    const waitMs = back(token.attempts + 1, retryAfterMs);
    const nextTryAt = new Date(Date.now() + waitMs).toISOString();
    await recordFailure(deps, token, { error, waitMs, nextTryAt });
    return { waitMs, nextTryAt, asProviderSays: retryAfterMs !== null };
  }
}

/**
 * Takes a token that another minter has minted; false when somebody else was faster. Where the reply to it is lost it says
 * false too: then the token is found overdue later.
 */
async function claim({ redis }: MinterDeps, { id, sessionId, nextTryAt }: TokenRecord): Promise<boolean> {
  let isTaken = false;
  await change(redis, { sessionId, tokenId: id }, ({ token }) => {
    isTaken = token?.state === 'revoking' && token.nextTryAt === nextTryAt;
    return isTaken && token !== null ? { token: { ...token, nextTryAt: claimUntil(Date.now()) } } : null;
  });
  return isTaken;
}

/** The settings name another host than the one that minted the token: its operator must look. */
class ForeignHost extends Error {
  override readonly name = 'ForeignHost';

  constructor(minted: string, configured: string) {
    super(`It was minted at ${minted}, but the settings name ${configured}; only the former can delete it`);
  }
}

/** Whoever sees this knows that the token is not over, whatever the clock says. */
class StillOpens extends Error {
  override readonly name = 'StillOpens';

  constructor() {
    super('The repo host confirmed the deletion, but the token still opens its repo');
  }
}

/** A token that was seen to be refused after its deletion was answered. */
interface Refusal {
  deletedAt: Date;
  /** Of the value that was tried, whatever the ledger says. */
  fingerprint: string;
}

/** One try: delete, then ask with the token. */
async function deleteAndLook(deps: MinterDeps, token: TokenRecord): Promise<Refusal> {
  const { provider } = deps;
  // Another host knows nothing of it, and would say of a token that lives that there is none.
  if (token.host && token.host !== provider.host) throw new ForeignHost(token.host, provider.host);
  const value = await openToken(deps, token);
  await provider.delete(value, AbortSignal.timeout(CALL_TIMEOUT_MS));
  await failpoint('minter.deletion_sent');
  const deletedAt = new Date();
  const repoIds = token.grants.map(({ repoId }) => repoId);
  const refused = await provider.isRefused(value, repoIds, AbortSignal.timeout(CALL_TIMEOUT_MS));
  if (!refused) throw new StillOpens();
  await failpoint('minter.deletion_seen');
  return { deletedAt, fingerprint: value.fingerprint() };
}

/**
 * The end of its lifetime is a reason to stop only where nobody can ask about it for a long time: a host that can be asked
 * is asked, as only its refusal proves something.
 */
function isSurelyOver({ expiresAt }: TokenRecord, nowMs: number): boolean {
  return expiresAt !== null && Date.parse(expiresAt) + SURELY_OVER_AFTER_MS < nowMs;
}

async function settle(
  deps: MinterDeps,
  { id, sessionId }: TokenRecord,
  state: 'revoked' | 'expired',
  refusal?: Refusal,
): Promise<void> {
  const now = new Date().toISOString();
  await change(deps.redis, { sessionId, tokenId: id }, ({ session, token }) => {
    if (token?.state !== 'revoking') return null;
    const attempts = token.attempts + (state === 'revoked' ? 1 : 0);
    const revocationMs = Date.parse(now) - Date.parse(token.revokingAt ?? now);
    const settled: TokenRecord = {
      ...token,
      state,
      attempts,
      revokedAt: null,
      verifiedAt: null,
      nextTryAt: null,
      // Of no use to anybody but the mask of its sandbox's log; who removes the sandbox erases it then.
      sealed: needsValues(session, id) ? token.sealed : null,
    };
    return {
      token: refusal === undefined ? settled : seenRefused(settled, refusal, now, deps.receiptKey),
      events: [{ type: `token_${state}`, detail: { tokenId: id, attempts, revocationMs } }],
    };
  });
  await failpoint('minter.revoked_written');
  await deps.spool.drop(id);
  await failpoint('minter.spool_dropped');
}

function seenRefused(
  token: TokenRecord,
  { deletedAt, fingerprint }: Refusal,
  verifiedAt: string,
  key: KeyObject,
): TokenRecord {
  const seen = { ...token, fingerprint, revokedAt: deletedAt.toISOString(), verifiedAt };
  return { ...seen, testimony: testify(seen, key) };
}

async function recordFailure(
  { redis, log }: MinterDeps,
  { id, sessionId }: TokenRecord,
  { error, waitMs, nextTryAt }: { error: unknown; waitMs: number; nextTryAt: string },
): Promise<void> {
  const reason = describe(error);
  const alarm = error instanceof ForeignHost || (error instanceof ProviderError && error.kind === 'unauthorized');
  log[alarm ? 'error' : 'warn'](
    { tokenId: id, sessionId, reason, waitMs },
    'a token is not deleted yet; it is tried again',
  );
  await change(redis, { sessionId, tokenId: id }, ({ token }) =>
    token?.state === 'revoking'
      ? { token: { ...token, attempts: token.attempts + 1, lastError: reason, nextTryAt } }
      : null,
  );
}
