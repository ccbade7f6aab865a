import { setTimeout as sleep } from 'node:timers/promises';
import { nanoid } from 'nanoid';
import { failpoint } from '../../src/ops/failpoints.ts';
import { SessionError } from '../../src/errors.ts';
import { withToken } from '../../src/session/current-token.ts';
import { grantsOf, type SessionRecord } from '../../src/session/record.ts';
import { readToken } from '../../src/store/records.ts';
import { intendToken } from '../../src/token/intent.ts';
import type { TokenState } from '../../src/token/state.ts';
import { changeHeld } from '../change-held.ts';
import type { WorkerDeps } from '../deps.ts';
import { tokenLifetimeSeconds } from '../token-lifetime.ts';
import { whileStoreAway } from '../while-store-away.ts';

/** Longer than the minter waits for the provider. */
const MINT_TIMEOUT_MS = 30_000;
/** A minter that died is back within this time. */
const MINTER_BACK_MS = 15_000;
const RETRY_MS = 250;

/**
 * Has the minter mint what the ledger's intent says. The value stays with the minter until the sandbox is claimed. Gives
 * the session as it is afterwards: where an answer was lost with a minter or a worker that died, its token is another one.
 */
export async function mintToken(deps: WorkerDeps, session: SessionRecord): Promise<SessionRecord> {
  const began = Date.now();
  let interrupted = session.term > 1;
  let current = session;
  for (;;) {
    try {
      await deps.minter.mint(current.tokenId ?? '', AbortSignal.timeout(MINT_TIMEOUT_MS));
      await failpoint('worker.minted');
      return current;
    } catch (error) {
      const state = await stateOf(deps, current);
      if (isAway(error) && !isOver(state) && Date.now() - began < MINTER_BACK_MS) {
        interrupted = true;
        await sleep(RETRY_MS);
      } else if (interrupted && state === 'unknown') {
        interrupted = false;
        current = await intendAnother(deps, current);
      } else {
        throw error;
      }
    }
  }
}

function isAway(error: unknown): boolean {
  return error instanceof SessionError && error.code === 'minter_unavailable';
}

/** It was minted and is not given out: asking again would hide why. */
function isOver(state: TokenState | undefined): boolean {
  return state === 'revoking' || state === 'revoked' || state === 'expired';
}

async function stateOf({ redis }: WorkerDeps, { tokenId }: SessionRecord): Promise<TokenState | undefined> {
  return (await whileStoreAway(() => readToken(redis, tokenId ?? '')))?.state;
}

/** What became of the first one nobody knows; it is listed, was given to nobody, and ends by its TTL. */
async function intendAnother({ config, ...deps }: WorkerDeps, session: SessionRecord): Promise<SessionRecord> {
  const tokenId = `tok_${nanoid()}`;
  const grants = grantsOf(session.request);
  const ttlSeconds = tokenLifetimeSeconds(session.request, config);
  const changed = await changeHeld(deps, { ...session, tokenId }, ({ session: now }) => {
    return {
      session: withToken(now, tokenId),
      token: intendToken({ id: tokenId, sessionId: session.id, grants, ttlSeconds, now: new Date() }),
      events: [{ type: 'token_intended', detail: { tokenId, repoIds: grants.map(({ repoId }) => repoId) } }],
    };
  });
  return changed.session ?? session;
}
