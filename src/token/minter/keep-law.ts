import { decideRevoke } from '../../session/stop.ts';
import { sortedTokens } from '../../store/listing.ts';
import { mendToken } from '../../store/mend-token.ts';
import { change, readSessionIfReadable } from '../../store/records.ts';
import type { TokenRecord } from '../record.ts';
import { decideTokenUpkeep } from '../token-upkeep.ts';
import type { MinterDeps } from './deps.ts';
import { inBatches } from './in-batches.ts';
import type { Revoker } from './revoker.ts';

/** Sessions looked at side by side. */
const AT_ONCE = 32;

/**
 * One look at every active token of this minter: what may not live any more is made due and deleted. Lines of live tokens that
 * cannot be read, or are gone, are mended.
 */
export type KeepLaw = () => Promise<void>;

/**
 * The law of the ledger, held by who can enforce it: workers look too, but a token must not outlive its deadline because
 * none of them runs. A token that makes trouble is logged and holds up no other.
 */
export function createKeepLaw(deps: MinterDeps, revoker: Pick<Revoker, 'lookAfter'>): KeepLaw {
  return async () => {
    const spooled = new Set(await deps.spool.ids());
    const { items, unreadable } = await sortedTokens(deps.redis, 'active');
    const { unreadable: unreadableDue } = await sortedTokens(deps.redis, 'revoking');
    const held = items.filter(({ id, minter }) => minter === deps.name || spooled.has(id));
    const each = (tokenId: string, work: Promise<void>): Promise<void> =>
      work.catch((error: unknown) => {
        deps.log.error({ err: error, tokenId }, 'a token could not be looked after; it is tried again');
      });
    await inBatches(held, AT_ONCE, (token) => each(token.id, holdAgainstLaw(deps, revoker, token)));
    await inBatches([...unreadable, ...unreadableDue], AT_ONCE, ({ id }) => each(id, mend(deps, revoker, id)));
  };
}

/** Nothing can say any more that it may live. */
async function mend({ redis, log }: MinterDeps, revoker: Pick<Revoker, 'lookAfter'>, tokenId: string): Promise<void> {
  if (!(await mendToken(redis, tokenId))) return;
  log.warn({ tokenId }, 'a line of the ledger could not be read, or was gone; it is mended, and its token deleted');
  revoker.lookAfter([tokenId]);
}

async function holdAgainstLaw(
  { redis, log }: MinterDeps,
  revoker: Pick<Revoker, 'lookAfter'>,
  seen: TokenRecord,
): Promise<void> {
  const { id: tokenId, sessionId } = seen;
  const session = await readSessionIfReadable(redis, sessionId);
  if (decideTokenUpkeep({ session, token: seen }, Date.now()) !== 'revoke') return;
  // Decided again in the step that makes it due: its session may have been given more time.
  const { token } = await change(redis, { sessionId, tokenId }, (view) => {
    const now = new Date();
    const isIllegal = view.token?.state === 'active' && decideTokenUpkeep(view, now.getTime()) === 'revoke';
    return isIllegal ? decideRevoke(view.token, now) : null;
  });
  if (token?.state !== 'revoking') return;
  log.info({ tokenId, sessionId }, 'a token may not live any more; it is deleted');
  revoker.lookAfter([tokenId]);
}
