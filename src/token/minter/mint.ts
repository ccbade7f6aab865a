import { describe, SessionError } from '../../errors.ts';
import { isEnded } from '../../session/status.ts';
import { change, readToken } from '../../store/records.ts';
import type { MintedToken } from '../provider.ts';
import type { TokenRecord } from '../record.ts';
import type { MinterDeps } from './deps.ts';
import { mintFailure } from './mint-outcome.ts';

const PROVIDER_TIMEOUT_MS = 20_000;

/**
 * Mints what the ledger's intent says; nothing of it comes from the caller. When it resolves, the sealed value is in the
 * spool and in the ledger, and nowhere else. The caller must not mint one intent twice at once; a token that is active
 * already is a success.
 *
 * Throws `SessionError` with `repo_not_found`, `repo_refused` or `provider_unavailable`, after the ledger says so too.
 */
export async function mint(deps: MinterDeps, tokenId: string): Promise<void> {
  const intent = await readToken(deps.redis, tokenId);
  if (intent?.state === 'active') return;
  if (intent?.state !== 'intended') {
    throw new SessionError('internal', `There is no intent ${tokenId} to mint; the ledger says ${intent?.state ?? 'nothing'}`);
  }
  const minted = await ask(deps, intent);
  const now = new Date();
  const active = activeToken(deps, intent, minted, now);
  await deps.spool.put({
    tokenId,
    sessionId: active.sessionId,
    provider: deps.provider.name,
    repoIds: active.grants.map(({ repoId }) => repoId),
    mintedAt: now.toISOString(),
    expiresAt: active.expiresAt ?? '',
    fingerprint: active.fingerprint ?? '',
    sealed: active.sealed ?? '',
  });
  await activate(deps, active);
}

async function ask(deps: MinterDeps, intent: TokenRecord): Promise<MintedToken> {
  const { grants, ttlSeconds, sessionId } = intent;
  try {
    const signal = AbortSignal.timeout(PROVIDER_TIMEOUT_MS);
    return await deps.provider.mint({ name: `daypass ${sessionId}`, grants, ttlSeconds, signal });
  } catch (error) {
    const failure = mintFailure(error, grants.map(({ repoId }) => repoId));
    deps.log.warn({ tokenId: intent.id, sessionId, state: failure.state, reason: describe(error) }, 'no token was minted');
    await change(deps.redis, { sessionId, tokenId: intent.id }, ({ token }) => {
      if (token?.state !== 'intended') return null;
      // A token that may exist ends by its TTL, counted from now: the request cannot have arrived later.
      const expiresAt = failure.state === 'unknown' ? inSeconds(new Date(), ttlSeconds) : null;
      return {
        token: { ...token, state: failure.state, provider: deps.provider.name, expiresAt, lastError: failure.message },
        events: [{ type: `token_${failure.state}`, detail: { tokenId: token.id, reason: failure.message } }],
      };
    });
    throw new SessionError(failure.code, failure.message);
  }
}

function activeToken({ provider, keyRing }: MinterDeps, intent: TokenRecord, { value, expiresAt }: MintedToken, now: Date): TokenRecord {
  return {
    ...intent,
    state: 'active',
    provider: provider.name,
    mintedAt: now.toISOString(),
    expiresAt: expiresAt ?? inSeconds(now, intent.ttlSeconds),
    fingerprint: value.fingerprint(),
    sealed: keyRing.seal(value, intent.id),
  };
}

/** An active token is legal only while its session lives; one that comes too late is due for deletion at once. */
async function activate({ redis, log }: MinterDeps, active: TokenRecord): Promise<void> {
  const detail = { tokenId: active.id, fingerprint: active.fingerprint, expiresAt: active.expiresAt };
  const { token } = await change(redis, { sessionId: active.sessionId, tokenId: active.id }, ({ session, token: now }) => {
    if (now?.state !== 'intended') return null;
    const legal = session !== null && !isEnded(session.status) && session.tokenId === active.id;
    if (legal) return { token: active, events: [{ type: 'token_active', detail }] };
    return {
      token: { ...active, state: 'revoking', revokingAt: new Date().toISOString() },
      events: [{ type: 'token_revoking', detail }],
    };
  });
  if (token?.state === 'active') return;
  log.warn({ tokenId: active.id, state: token?.state }, 'a token was minted for a session that has ended');
  throw new SessionError('token_revoked', 'The session ended while its token was minted');
}

function inSeconds(from: Date, seconds: number): string {
  return new Date(from.getTime() + seconds * 1000).toISOString();
}
