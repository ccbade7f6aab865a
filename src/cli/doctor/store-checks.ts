import { illegalTokens } from '../../store/illegal-tokens.ts';
import { allTokens } from '../../store/listing.ts';
import { redisReady, redisSetting, requireDurableRedis, type Redis } from '../../store/redis.ts';
import { isNeeded, keyUsage, requireKeys } from '../../token/minter/key-usage.ts';
import { readSealKeys, type SealKeySource } from '../../token/minter/seal-key-source.ts';
import { readSpooledTokens } from '../../token/minter/spooled-token.ts';
import { NotSeen, type Check } from './check.ts';

const REDIS_TIMEOUT_MS = 5_000;
/** A deletion that takes longer is in trouble. */
const DEBT_AFTER_MS = 60_000;

/** What Redis must be like, and what its ledger says of keys and debts. */
export function storeChecks({
  redis,
  isStated,
  sealKeys,
  spoolDir,
}: {
  redis: Redis;
  /** The operator has said what Redis cannot be asked for. */
  isStated: boolean;
  sealKeys: SealKeySource;
  spoolDir: string;
}): Check[] {
  return [
    {
      name: 'Redis',
      look: async () => {
        await redisReady(redis, REDIS_TIMEOUT_MS);
        await requireDurableRedis(redis, { isStated });
        await requireWritable(redis);
        return `keeps what it is told (appendonly, noeviction)${await syncWarning(redis)}`;
      },
      mend: 'Start it, or set DAYPASS_REDIS_URL; in redis.conf: appendonly yes, appendfsync always, maxmemory-policy noeviction; and see that its disk has room.',
    },
    {
      name: 'seal keys',
      look: async () => {
        await redisSeen(redis);
        const spool = { all: () => readSpooledTokens(spoolDir) };
        const uses = await keyUsage({ redis, spool }, await readSealKeys(sealKeys));
        requireKeys(uses);
        return `all that is needed: ${uses.filter(isNeeded).length} of ${uses.length}`;
      },
      mend: `Add the missing keys back to ${'file' in sealKeys ? sealKeys.file : 'DAYPASS_SEAL_KEYS'}, behind the first one.`,
    },
    {
      name: 'deletions',
      look: async () => {
        await redisSeen(redis);
        const now = new Date();
        const revoking = await allTokens(redis, 'revoking');
        const due = [
          ...revoking.map((token) => ({ token, sinceMs: Date.parse(token.revokingAt ?? token.intendedAt) })),
          ...(await illegalTokens(redis, now)).due,
        ];
        const late = due.filter(({ sinceMs }) => now.getTime() - sinceMs > DEBT_AFTER_MS);
        const [worst] = late;
        if (worst !== undefined) {
          const why = worst.token.lastError ?? 'nothing was tried yet';
          throw new Error(
            `${late.length} tokens are due for more than ${DEBT_AFTER_MS / 1_000} s; ${worst.token.id}: ${why}`,
          );
        }
        return `${due.length} under way`;
      },
      mend: 'See what the repo host and the log of the minter say; the minter goes on trying by itself.',
    },
  ];
}

/** Throws `NotSeen` when it does not answer: that is said once, by its own check. */
export async function redisSeen(redis: Redis): Promise<void> {
  try {
    await redisReady(redis, REDIS_TIMEOUT_MS);
  } catch (cause) {
    throw new NotSeen('as Redis does not answer', { cause });
  }
}

/** Throws when its file could not be written last time. Source: Redis, INFO persistence. */
async function requireWritable(redis: Redis): Promise<void> {
  const status = /aof_last_write_status:(\w+)/.exec(await redis.info('persistence'))?.[1];
  if (status !== undefined && status !== 'ok') throw new Error(`its last write to its file has failed (${status})`);
}

/** Redis' own default syncs once a second: no fault of its, but what was acknowledged in it a power cut can take. */
async function syncWarning(redis: Redis): Promise<string> {
  const policy = await redisSetting(redis, 'appendfsync');
  if (policy === null) return ', as its operator says: it forbids CONFIG';
  return policy === 'always'
    ? ''
    : `\n  ! appendfsync is ${policy}: a power cut can lose what was acknowledged; set it to always`;
}
