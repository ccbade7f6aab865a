import { tokenIds } from '../../store/listing.ts';
import { mendToken } from '../../store/mend-token.ts';
import { change, readToken, type View } from '../../store/records.ts';
import { mayGet } from '../holder.ts';
import { intendToken } from '../intent.ts';
import type { RepoGrant, TokenRecord } from '../record.ts';
import { isTokenFinal } from '../state.ts';
import type { MinterDeps } from './deps.ts';
import { inBatches } from './in-batches.ts';
import type { Revoker } from './revoker.ts';
import type { SpooledToken } from './spooled-token.ts';

/** Tokens looked at side by side. */
const AT_ONCE = 32;

/** Spool and ledger, held against each other; one call is one look at both. */
export type KeepSpool = () => Promise<void>;

/**
 * A live token has two durable places, and either can lose it: Redis is flushed or comes back as an older copy, a disk is
 * swapped. So the two are compared all the time, both ways:
 *
 * - in the spool, but given up or forgotten by the ledger: its line is written again as `revoking`. One that only the line
 *   is gone of is given up first, by what indexes and session say (`store/mend-token.ts`);
 * - in the spool, but over: its file is dropped;
 * - live in the ledger and minted by this minter, but not in the spool: its file is written again from the line;
 * - due: it is deleted.
 *
 * What agrees costs a name in each list, except at the first look, which reads every line. A token that makes trouble is logged and holds up no other; throws when one of
 * the two places cannot be listed at all.
 */
export function createKeepSpool(deps: MinterDeps, revoker: Pick<Revoker, 'lookAfter'>): KeepSpool {
  /** Live tokens that are in the spool of another minter. */
  const elsewhere = new Set<string>();
  let isFirstLook = true;

  const each = (tokens: Iterable<string>, work: (tokenId: string) => Promise<void>): Promise<void> =>
    inBatches(tokens, AT_ONCE, (tokenId) =>
      work(tokenId).catch((error: unknown) => {
        deps.log.error({ err: error, tokenId }, 'spool and ledger could not be compared; it is tried again');
      }),
    );

  return async () => {
    // The ledger first: a token is in the spool before it is active, so one that is missing there is really missing.
    const due = await tokenIds(deps.redis, 'revoking');
    const live = new Set([...due, ...(await tokenIds(deps.redis, 'active'))]);
    // Before the spool is looked at: a disk that is gone must not keep tokens alive.
    revoker.lookAfter(due);
    const spooled = new Set(await deps.spool.ids());
    for (const tokenId of elsewhere) if (!live.has(tokenId)) elsewhere.delete(tokenId);

    const found: string[] = [];
    await each(isFirstLook ? spooled : without(spooled, live), async (tokenId) => {
      if ((await holdAgainstLedger(deps, tokenId)) === 'revoking') found.push(tokenId);
    });
    await each(without(without(live, spooled), elsewhere), async (tokenId) => {
      const line = await readToken(deps.redis, tokenId);
      if (line !== null && line.minter !== deps.name) elsewhere.add(tokenId);
      else await spoolAgain(deps, line);
    });
    isFirstLook = false;
    revoker.lookAfter(found);
  };
}

/** Puts right what the ledger says of a token in the spool; gives the state that it has then. */
async function holdAgainstLedger(deps: MinterDeps, tokenId: string): Promise<TokenRecord['state'] | undefined> {
  const spooled = await deps.spool.get(tokenId);
  if (spooled === null) return undefined;
  // What an index still lists keeps its place there, and the session that names it ends.
  await mendToken(deps.redis, tokenId, { sessionId: spooled.sessionId });
  const { token } = await change(deps.redis, { sessionId: spooled.sessionId, tokenId }, (view) => {
    if (!isGivenUp(view, tokenId)) return null;
    const { fingerprint } = spooled;
    return {
      token: dueLine(view.token ?? forgottenLine(spooled, deps.name), spooled, new Date()),
      events: [{ type: 'token_revoking', detail: { tokenId, fingerprint, found: 'in the spool' } }],
    };
  });
  if (token !== null && isTokenFinal(token.state)) await deps.spool.drop(tokenId);
  return token?.state;
}

/** Whether the ledger does not count on a token that the spool has. An intent may still be under way. Pure. */
function isGivenUp({ session, token: line }: View, tokenId: string): boolean {
  if (line === null || line.state === 'unknown') return true;
  return line.state === 'intended' && !mayGet(session, tokenId);
}

function dueLine(line: TokenRecord, spooled: SpooledToken, now: Date): TokenRecord {
  const { provider, host, mintedAt, expiresAt, fingerprint, sealed } = spooled;
  const minted = { provider, host, mintedAt, expiresAt, fingerprint, sealed };
  // A line that was mended may not have known them.
  const sessionId = line.sessionId || spooled.sessionId;
  const grants = line.grants.length > 0 ? line.grants : grantsOf(spooled);
  return { ...line, ...minted, sessionId, grants, state: 'revoking', revokingAt: now.toISOString() };
}

/** A line of the ledger for a token that it has forgotten. */
function forgottenLine(spooled: SpooledToken, minter: string): TokenRecord {
  const { tokenId, sessionId, mintedAt, expiresAt } = spooled;
  const now = new Date(mintedAt);
  const ttlSeconds = Math.max(0, Math.round((Date.parse(expiresAt) - now.getTime()) / 1000));
  return { ...intendToken({ id: tokenId, sessionId, grants: grantsOf(spooled), ttlSeconds, now }), minter };
}

/** The most that its token may have been given. */
function grantsOf({ repoIds }: SpooledToken): RepoGrant[] {
  return repoIds.map((repoId) => ({ repoId, access: 'write' }));
}

async function spoolAgain({ spool, log }: MinterDeps, line: TokenRecord | null): Promise<void> {
  if (line === null || isTokenFinal(line.state) || !line.sealed) return;
  const { id: tokenId, sessionId, provider, host, mintedAt, expiresAt, fingerprint, sealed } = line;
  await spool.put({
    tokenId,
    sessionId,
    provider: provider ?? '',
    host,
    repoIds: line.grants.map(({ repoId }) => repoId),
    mintedAt: mintedAt ?? line.intendedAt,
    expiresAt: expiresAt ?? line.intendedAt,
    fingerprint: fingerprint ?? '',
    sealed,
  });
  log.warn({ tokenId }, 'a live token was not in the spool; it is written there again');
}

function without(all: ReadonlySet<string>, left: ReadonlySet<string>): Set<string> {
  return new Set([...all].filter((item) => !left.has(item)));
}
