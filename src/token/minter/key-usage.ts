import { allTokens, unsettledSessions } from '../../store/listing.ts';
import { readSessionIfReadable, readTokenIfReadable } from '../../store/records.ts';
import type { Redis } from '../../store/redis.ts';
import { waitingWebhooks } from '../../store/webhooks.ts';
import { graceEndMs } from '../../session/deadline.ts';
import type { SessionRecord } from '../../session/record.ts';
import type { TokenRecord } from '../record.ts';
import { keyIdOf, type SealKey } from '../sealing.ts';
import { inBatches } from './in-batches.ts';
import type { Spool } from './spool.ts';

const AT_ONCE = 32;

/** What a key seals at the moment. */
export interface KeyUse {
  id: string;
  /** It writes. */
  isFirst: boolean;
  isInRing: boolean;
  /** Lines of the ledger, files of this minter's spool, and sessions whose request had secrets, a webhook's among them. */
  tokens: number;
  spoolFiles: number;
  requestSecrets: number;
}

/** What is asked: doctors read the spool without being its minter. */
interface KeyUsageDeps {
  redis: Redis;
  spool: Pick<Spool, 'all'>;
}

/** Everything in the store that is sealed at the moment and can be read. What is over and settled holds no value any more. */
export async function sealedRecords({
  redis,
}: Pick<KeyUsageDeps, 'redis'>): Promise<{ tokens: TokenRecord[]; sessions: SessionRecord[] }> {
  const tokens = new Map<string, TokenRecord>();
  const sessions: SessionRecord[] = [];
  // A receiver that is away is told of a session that is settled, too.
  const ids = new Set([...(await unsettledSessions(redis)), ...(await waitingWebhooks(redis))]);
  await inBatches(ids, AT_ONCE, async (sessionId) => {
    const session = await readSessionIfReadable(redis, sessionId);
    if (session?.sealedSecrets || session?.webhook?.sealed) sessions.push(session);
    const token = session?.tokenId ? await readTokenIfReadable(redis, session.tokenId) : null;
    if (token?.sealed) tokens.set(token.id, token);
  });
  for (const state of ['active', 'revoking'] as const) {
    for (const token of await allTokens(redis, state)) if (token.sealed) tokens.set(token.id, token);
  }
  return { tokens: [...tokens.values()], sessions };
}

/** Every key of the ring in its order, and after them the ones that something needs but that are missing. */
export async function keyUsage(
  { redis, spool }: KeyUsageDeps,
  ring: readonly SealKey[],
  now: Date = new Date(),
): Promise<KeyUse[]> {
  const { tokens, sessions } = await sealedRecords({ redis });
  const files = await spool.all();
  const opens = (sealed: string | null): boolean => ring.some(({ id }) => id === keyIdOf(sealed ?? ''));
  const isOver = (end: string | null): boolean => end !== null && Date.parse(end) < now.getTime();
  const opened = new Set(files.filter(({ sealed }) => opens(sealed)).map(({ tokenId }) => tokenId));
  const uses = new Map<string, KeyUse>();
  const useOf = (id: string): KeyUse => {
    const use = uses.get(id) ?? { id, isFirst: false, isInRing: false, tokens: 0, spoolFiles: 0, requestSecrets: 0 };
    uses.set(id, use);
    return use;
  };
  for (const [index, { id }] of ring.entries()) Object.assign(useOf(id), { isInRing: true, isFirst: index === 0 });
  // A key that is missing is not needed for what the spool has under another, nor for what is over by the clock.
  for (const { id, sealed, expiresAt } of tokens)
    if (opens(sealed) || !(opened.has(id) || isOver(expiresAt))) useOf(keyIdOf(sealed ?? '')).tokens++;
  for (const { sealed, expiresAt } of files)
    if (opens(sealed) || !isOver(expiresAt)) useOf(keyIdOf(sealed)).spoolFiles++;
  for (const { sealedSecrets, webhook, ...session } of sessions) {
    const isUnderWay = (graceEndMs(session) ?? Infinity) >= now.getTime();
    const needed = [
      ...(sealedSecrets && (opens(sealedSecrets) || isUnderWay) ? [sealedSecrets] : []),
      // Its receiver is told of the end after the deadline.
      ...(webhook?.sealed ? [webhook.sealed] : []),
    ];
    for (const id of new Set(needed.map(keyIdOf))) useOf(id).requestSecrets++;
  }
  return [...uses.values()];
}

export function isNeeded({ tokens, spoolFiles, requestSecrets }: KeyUse): boolean {
  return tokens + spoolFiles + requestSecrets > 0;
}

/** Throws, naming them, when something that lives is sealed with a key that the ring has not: it could never be opened. */
export function requireKeys(uses: KeyUse[]): void {
  const missing = uses.filter((use) => !use.isInRing && isNeeded(use)).map(({ id }) => id);
  if (missing.length === 0) return;
  throw new Error(
    `Live tokens or secrets need seal keys that the ring does not have: ${missing.join(', ')}. Add them back`,
  );
}
