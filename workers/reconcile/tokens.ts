import { sortedTokens } from '../../src/store/listing.ts';
import { mendToken } from '../../src/store/mend-token.ts';
import { change, readSessionIfReadable } from '../../src/store/records.ts';
import { withLostAnswer } from '../../src/token/lost-answer.ts';
import type { TokenRecord } from '../../src/token/record.ts';
import type { TokenState } from '../../src/token/state.ts';
import { decideTokenUpkeep, type TokenUpkeep } from '../../src/token/token-upkeep.ts';
import type { WorkerDeps } from '../deps.ts';

/** The minter answers earlier, when the provider does not; it goes on by itself. */
const REVOKE_TIMEOUT_MS = 20_000;
const LOOKED_AT: TokenState[] = ['intended', 'active', 'revoking', 'unknown'];

/** Holds every token of the ledger against its law. Each by itself: one that cannot be deleted holds up no other. */
export async function reconcileTokens(deps: WorkerDeps): Promise<void> {
  const lists = await Promise.all(LOOKED_AT.map((state) => sortedTokens(deps.redis, state)));
  const each = (tokenId: string, work: () => Promise<void>): Promise<void> =>
    work().catch((error: unknown) => {
      deps.log.warn({ err: error, tokenId }, 'could not look after a token; it is tried again');
    });
  await Promise.all([
    ...lists.flatMap(({ items }) => items).map((token) => each(token.id, () => lookAfter(deps, token))),
    ...lists.flatMap(({ unreadable }) => unreadable).map(({ id }) => each(id, () => mend(deps, id))),
  ]);
}

/** It is looked after the next time, as what it is then: due. */
async function mend({ redis, log }: WorkerDeps, tokenId: string): Promise<void> {
  if (!(await mendToken(redis, tokenId))) return;
  log.warn({ tokenId }, 'a line of the ledger could not be read, or was gone; it is mended');
}

async function lookAfter(deps: WorkerDeps, token: TokenRecord): Promise<void> {
  const session = await readSessionIfReadable(deps.redis, token.sessionId);
  await perform(deps, token, decideTokenUpkeep({ session, token }, Date.now()));
}

async function perform(deps: WorkerDeps, token: TokenRecord, upkeep: TokenUpkeep): Promise<void> {
  switch (upkeep) {
    case 'nothing':
      return;
    case 'revoke':
      // A minter has it in hand and says when it tries again; asking again each time would only make calls that wait.
      if (token.nextTryAt) return;
      await deps.minter.revoke(token.id, AbortSignal.timeout(REVOKE_TIMEOUT_MS));
      return;
    case 'give_up':
      return move(deps, token, (now) => withLostAnswer(now, null, new Date()));
    case 'expire':
      return move(deps, token, (now) => ({ ...now, state: 'expired', sealed: null }));
  }
}

/** Only from the state that was looked at: it may have come to life meanwhile. */
async function move(
  { redis }: WorkerDeps,
  { id, sessionId, state: from }: TokenRecord,
  next: (token: TokenRecord) => TokenRecord,
): Promise<void> {
  await change(redis, { sessionId, tokenId: id }, ({ token }) => {
    if (token?.state !== from) return null;
    const moved = next(token);
    return { token: moved, events: [{ type: `token_${moved.state}`, detail: { tokenId: id } }] };
  });
}
