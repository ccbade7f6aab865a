import { Redis } from 'ioredis';
import { Refusal } from '../errors.ts';

export type { Redis };

/** How long a call that answers a person may wait for Redis. */
const COMMAND_TIMEOUT_MS = 5_000;

const reconnect = { retryStrategy: (attempt: number) => Math.min(attempt * 50, 1_000) };

/**
 * A connection for records: a call fails at once when Redis is away instead of waiting in a queue of this process, so
 * that nothing is half done behind the caller's back.
 */
export function connectRedis(url: string): Redis {
  return open(url, {
    ...reconnect,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
  });
}

/** A connection for BullMQ's worker and for subscriptions, which wait for Redis for as long as it takes. */
export function connectPatientRedis(url: string): Redis {
  return open(url, { ...reconnect, maxRetriesPerRequest: null });
}

function open(url: string, options: Record<string, unknown>): Redis {
  const redis = url.startsWith('/') ? new Redis({ path: url, ...options }) : new Redis(url, options);
  // Without a listener a lost connection would end the process; callers see it by their rejected commands.
  redis.on('error', () => undefined);
  return redis;
}

/** Resolves when the connection can take commands; rejects after `timeoutMs`. */
export async function redisReady(redis: Redis, timeoutMs: number): Promise<void> {
  if (redis.status === 'ready') return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error(`Redis did not answer within ${timeoutMs} ms`)), timeoutMs);
  redis.once('ready', resolve);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    redis.off('ready', resolve);
  }
}

/**
 * Refuses a Redis that may forget or evict what it was told. Throws with the settings to change.
 * Source of the names: redis.conf (`appendonly`, `maxmemory-policy`).
 */
export async function requireDurableRedis(redis: Redis): Promise<void> {
  const settings = await redis.config('GET', 'appendonly', 'maxmemory-policy');
  const value = (name: string): string | undefined => settings[settings.indexOf(name) + 1];
  const wrong = [
    value('appendonly') === 'yes' ? '' : 'appendonly must be yes',
    value('maxmemory-policy') === 'noeviction' ? '' : 'maxmemory-policy must be noeviction',
  ].filter((line) => line !== '');
  if (wrong.length > 0) throw new Error(`Redis may lose records, so nothing was started: ${wrong.join('; ')}`);
}

/** Says of any failed Redis command, to the caller of the API, that the store is away. */
export async function orUnavailable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Refusal || !isStoreAway(error)) throw error;
    throw new Refusal(
      'unavailable',
      'The store (Redis) does not answer. Try again in a moment; give a POST its Idempotency-Key again.',
      {
        cause: error,
      },
    );
  }
}

/**
 * Answers of a Redis that is there but cannot serve now: starting, a replica, full, or unable to write its file. Up to Redis 6.2
 * such an answer to a command within a script stands behind the script's own error.
 */
const CANNOT_SERVE =
  /^(?:ERR Error running script .*?-)?(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|BUSY|TRYAGAIN|MISCONF|OOM|NOREPLICAS|NOAUTH|NOPERM|WRONGPASS|ERR max number of clients)\b/;
const NOT_CONNECTED = /^(Command timed out|Connection is closed|Stream isn't writeable|connect E|read E|write E)/;

/** Whether a command failed because Redis is away. A command that Redis calls wrong is a fault of ours, and is not. */
export function isStoreAway(error: unknown): boolean {
  if (error instanceof Refusal) return error.code === 'unavailable';
  if (!(error instanceof Error)) return false;
  if (error.name === 'MaxRetriesPerRequestError') return true;
  return error.name === 'ReplyError' ? CANNOT_SERVE.test(error.message) : NOT_CONNECTED.test(error.message);
}
