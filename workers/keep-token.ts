import { nanoid } from 'nanoid';
import { failpoint } from '../src/ops/failpoints.ts';
import { isOwnFault } from '../src/ops/own-fault.ts';
import { grantsOf, type SessionRecord } from '../src/session/record.ts';
import { decideSwitch, isRenewalDue, withNextToken } from '../src/session/renewal.ts';
import { keys } from '../src/store/keys.ts';
import { readToken, view } from '../src/store/records.ts';
import { intendToken } from '../src/token/intent.ts';
import type { TokenRecord } from '../src/token/record.ts';
import { changeHeld } from './change-held.ts';
import type { WorkerDeps } from './deps.ts';
import { Leave } from './leave.ts';
import type { Life } from './life.ts';
import { tokenLifetimeSeconds } from './token-lifetime.ts';

const LOOK_EVERY_MS = 1_000;
/** After a renewal that failed: each try leaves a line in the ledger. */
const AGAIN_AFTER_MS = 15_000;
const MINT_TIMEOUT_MS = 30_000;

type KeepDeps = Pick<WorkerDeps, 'redis' | 'config' | 'log' | 'minter'>;

/**
 * Renews the token of a session that has it with the gateway, as often as it takes, until the returned function is called.
 * Each step is written down before the next, so that another worker goes on wherever this one died: an intent that the
 * session names, its minting, the switch. The gateway is told by the policy, which follows the record.
 */
export function keepToken(deps: KeepDeps, session: SessionRecord, life: Pick<Life, 'fail'>): () => void {
  if (session.request.credentials.delivery !== 'gateway') return () => undefined;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  const lookAgain = (afterMs: number): void => {
    if (!closed) timer = setTimeout(() => void look(), afterMs);
  };
  const look = async (): Promise<void> => {
    try {
      await renewIfDue(deps, session);
      lookAgain(LOOK_EVERY_MS);
    } catch (error) {
      // Whoever holds the session now renews its token, too.
      if (error instanceof Leave) return;
      if (isOwnFault(error)) return life.fail(error);
      deps.log.warn({ err: error, sessionId: session.id }, 'a token could not be renewed yet; it is tried again');
      lookAgain(AGAIN_AFTER_MS);
    }
  };
  lookAgain(LOOK_EVERY_MS);
  return () => {
    closed = true;
    clearTimeout(timer);
  };
}

async function renewIfDue(deps: KeepDeps, held: SessionRecord): Promise<void> {
  const { session, token } = await view(deps.redis, held.id);
  if (session === null || !isRenewalDue(session, token, deps.config.tokenGraceSeconds * 1_000, Date.now())) return;
  if (session.term !== held.term) throw new Leave('superseded');
  const nextTokenId = (await usableNext(deps, session)) ?? (await intendNext(deps, session));
  await failpoint('worker.renewal_intended');
  await deps.minter.mint(nextTokenId, AbortSignal.timeout(MINT_TIMEOUT_MS));
  await failpoint('worker.renewal_minted');
  const next = await readToken(deps.redis, nextTokenId);
  if (next?.state === 'active') await switchTo(deps, session, next);
  await failpoint('worker.renewed');
}

/** What an earlier try has left, if something can still become of it. */
async function usableNext({ redis }: KeepDeps, { nextTokenId }: SessionRecord): Promise<string | null> {
  if (!nextTokenId) return null;
  const next = await readToken(redis, nextTokenId);
  return next?.state === 'intended' || next?.state === 'active' ? nextTokenId : null;
}

async function intendNext(deps: KeepDeps, session: SessionRecord): Promise<string> {
  const tokenId = `tok_${nanoid()}`;
  const grants = grantsOf(session.request);
  const ttlSeconds = tokenLifetimeSeconds(session.request, deps.config);
  const repoIds = grants.map(({ repoId }) => repoId);
  // `change` may decide again after a reply was lost: its own intent is there then.
  await changeHeld(deps, { ...session, tokenId }, ({ session: now, token }) =>
    token !== null
      ? null
      : {
          session: withNextToken(now, tokenId),
          token: intendToken({ id: tokenId, sessionId: session.id, grants, ttlSeconds, now: new Date() }),
          events: [{ type: 'token_intended', detail: { tokenId, repoIds } }],
        },
  );
  return tokenId;
}

/** Only while the next one is as it was seen: one that was made due meanwhile must not become the session's. */
async function switchTo(deps: KeepDeps, session: SessionRecord, next: TokenRecord): Promise<void> {
  await changeHeld(deps, session, ({ session: now, token: former }) => {
    const decision = decideSwitch(now, former, next.id, new Date());
    return decision && { ...decision, expect: [{ key: keys.token(next.id), value: JSON.stringify(next) }] };
  });
}
