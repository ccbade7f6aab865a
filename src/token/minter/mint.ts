import { describe, SessionError } from '../../errors.ts';
import { failpoint } from '../../ops/failpoints.ts';
import { change, readSession, readToken, type View } from '../../store/records.ts';
import { ProviderError, type MintedToken } from '../provider.ts';
import { mayGet } from '../holder.ts';
import { withLostAnswer } from '../lost-answer.ts';
import type { TokenRecord } from '../record.ts';
import type { MinterDeps } from './deps.ts';
import { mintFailure } from './mint-outcome.ts';
import type { SpooledToken } from './spooled-token.ts';

const PROVIDER_TIMEOUT_MS = 20_000;

/**
 * Mints what the ledger's intent says; nothing of it comes from the caller. When it resolves, the sealed value is in the
 * spool and in the ledger, and nowhere else. The caller must not mint one intent twice at once; a token that is active
 * already is a success.
 *
 * Throws `SessionError` with `repo_not_found`, `repo_refused` or `provider_unavailable`, after the ledger says so too (an
 * intent is asked for once: after `unknown` only another intent can have a token);
 * `token_revoked` when the session has ended: a token that was minted for it is then due for deletion; and when it is over
 * already, with the ledger's reason.
 */
export async function mint(deps: MinterDeps, tokenId: string): Promise<void> {
  const intent = await readToken(deps.redis, tokenId);
  if (intent?.state === 'active') return;
  if (intent === null) throw new SessionError('internal_error', `There is no intent ${tokenId} to mint`);
  if (intent.state !== 'intended') throw whyNotMinted(intent);
  const session = await readSession(deps.redis, intent.sessionId);
  if (!mayHold({ session, token: intent })) {
    throw sessionEnded();
  }
  // An earlier life of this process may have minted it and died before the ledger knew: it is taken, not minted again.
  const earlier = await deps.spool.get(tokenId);
  const minted = earlier ?? (await mintNew(deps, await markAsked(deps, intent)));
  const durable = earlier !== null || (await intoSpool(deps, minted));
  await activate(deps, intent, minted, durable);
  await failpoint('minter.activated');
}

/** An intent is minted once: to another call for it the ledger says what became of the first one. */
function whyNotMinted({ state, lastError }: TokenRecord): SessionError {
  if (state === 'unknown') return new SessionError('provider_unavailable', LOST);
  if (state === 'refused') return new SessionError('repo_refused', lastError ?? 'The repo host gave no token');
  return new SessionError('token_revoked', lastError ?? `The token of this session is ${state} already`);
}

const NOT_STORED = 'The minter cannot store a token safely, so none is given out';
const LOST =
  'The answer to an earlier minting is lost with the process that asked for it; its token ends by its lifetime';

/**
 * Writes down that the provider is about to be asked. Who finds that it was asked already, and has no answer, must not ask
 * again: a second token would be minted and the first listed nowhere. Then the line becomes `unknown`, and it throws.
 */
async function markAsked({ redis, name, provider, log }: MinterDeps, intent: TokenRecord): Promise<TokenRecord> {
  const { id: tokenId, sessionId } = intent;
  const now = new Date();
  const asked = { askedAt: now.toISOString(), minter: name, host: provider.host };
  // `change` may decide again after a reply of Redis was lost: it must know its own mark.
  const isOurs = (token: TokenRecord): boolean => token.askedAt === asked.askedAt && token.minter === name;
  const { token } = await change(redis, { sessionId, tokenId }, (view) => {
    const line = view.token;
    if (line?.state !== 'intended' || isOurs(line)) return null;
    if (line.askedAt) {
      const events = [{ type: 'token_unknown', detail: { tokenId, reason: LOST } }] as const;
      return { token: withLostAnswer(line, LOST, now), events: [...events] };
    }
    return mayHold(view) ? { token: { ...line, ...asked } } : null;
  });
  if (token?.state === 'intended' && isOurs(token)) return token;
  if (token?.state === 'intended') throw sessionEnded();
  log.error({ tokenId, sessionId, state: token?.state }, 'the answer to a minting is lost');
  throw new SessionError('provider_unavailable', LOST);
}

function sessionEnded(): SessionError {
  return new SessionError(
    'token_revoked',
    'The session has ended or lost its right to a token, so none is minted for it',
  );
}

/** Whether it is on the disk. A token that is only in one place is not given out; it is deleted instead. */
async function intoSpool({ spool, log }: MinterDeps, minted: SpooledToken): Promise<boolean> {
  try {
    await spool.put(minted);
    await failpoint('minter.spooled');
    return true;
  } catch (error) {
    log.error(
      { err: error, tokenId: minted.tokenId },
      'the spool cannot be written, so no token is given out; is the disk full?',
    );
    return false;
  }
}

async function mintNew(deps: MinterDeps, intent: TokenRecord): Promise<SpooledToken> {
  const { value, expiresAt } = await ask(deps, intent);
  await failpoint('minter.answered');
  const now = new Date();
  return {
    tokenId: intent.id,
    sessionId: intent.sessionId,
    provider: deps.provider.name,
    host: deps.provider.host,
    repoIds: intent.grants.map(({ repoId }) => repoId),
    mintedAt: now.toISOString(),
    expiresAt: laterOf(expiresAt, inSeconds(now, intent.ttlSeconds)),
    fingerprint: value.fingerprint(),
    sealed: deps.keyRing.seal(value, intent.id),
  };
}

async function ask(deps: MinterDeps, intent: TokenRecord): Promise<MintedToken> {
  const { grants, ttlSeconds, sessionId } = intent;
  try {
    await failpoint('minter.asked_written');
    const signal = AbortSignal.timeout(PROVIDER_TIMEOUT_MS);
    return await deps.provider.mint({ name: `daypass ${sessionId}`, grants, ttlSeconds, signal });
  } catch (error) {
    const failure = mintFailure(
      error,
      grants.map(({ repoId }) => repoId),
    );
    // Our own key is wrong: no session can work until the operator sees this.
    const alarm = error instanceof ProviderError && error.kind === 'unauthorized';
    const context = { tokenId: intent.id, sessionId, state: failure.state, reason: describe(error) };
    deps.log[alarm ? 'error' : 'warn'](context, 'no token was minted');
    await change(deps.redis, { sessionId, tokenId: intent.id }, ({ token }) => {
      if (token?.state !== 'intended') return null;
      const failed =
        failure.state === 'unknown'
          ? withLostAnswer(token, failure.message, new Date())
          : { ...token, state: failure.state, lastError: failure.message };
      return {
        token: { ...failed, provider: deps.provider.name },
        events: [{ type: `token_${failure.state}`, detail: { tokenId: token.id, reason: failure.message } }],
      };
    });
    throw new SessionError(failure.code, failure.message);
  }
}

/** An active token is legal only while its session lives; one that comes too late is due for deletion at once. */
async function activate(deps: MinterDeps, intent: TokenRecord, spooled: SpooledToken, durable: boolean): Promise<void> {
  const { provider, host, mintedAt, expiresAt, fingerprint, sealed } = spooled;
  const detail = { tokenId: intent.id, fingerprint, expiresAt };
  const { token } = await change(deps.redis, { sessionId: intent.sessionId, tokenId: intent.id }, (now) => {
    if (now.token?.state !== 'intended' && now.token?.state !== 'unknown') return null;
    const minted = { ...now.token, provider, host, mintedAt, expiresAt, fingerprint, sealed };
    if (durable && now.token.state === 'intended' && mayHold(now))
      return { token: { ...minted, state: 'active' }, events: [{ type: 'token_active', detail }] };
    return {
      token: {
        ...minted,
        state: 'revoking',
        revokingAt: new Date().toISOString(),
        ...(!durable && { lastError: NOT_STORED }),
      },
      events: [{ type: 'token_revoking', detail }],
    };
  });
  if (token?.state === 'active') return;
  if (!durable) throw new SessionError('minter_unavailable', NOT_STORED);
  deps.log.warn(
    { tokenId: intent.id, state: token?.state },
    'a token was minted for a session that may not hold it any more',
  );
  throw new SessionError('token_revoked', 'The session ended, or was stopped, while its token was minted');
}

/** Whether this token is the one that its session may hold now; after a stop that takes the token first, none is. */
function mayHold({ session, token }: View): boolean {
  return token !== null && mayGet(session, token.id) && session?.stop?.revoke !== 'now';
}

/** Too late an end costs a try more, too early a one would count a token as over that lives. Both in ISO 8601 UTC. */
function laterOf(hosts: string | null, own: string): string {
  return hosts !== null && Date.parse(hosts) > Date.parse(own) ? hosts : own;
}

function inSeconds(from: Date, seconds: number): string {
  return new Date(from.getTime() + seconds * 1000).toISOString();
}
