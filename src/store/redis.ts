import { Redis } from 'ioredis';
import { Refusal } from '../errors.ts';

export type { Redis };

/** How long a call that answers a person may wait for Redis. */
const COMMAND_TIMEOUT_MS = 5_000;

/** What ioredis takes for: connect anew, and send again what was refused. */
const RECONNECT_AND_RESEND = 2;

const reconnect = {
  retryStrategy: (attempt: number) => Math.min(attempt * 50, 1_000),
  // After a failover the address leads to another server, and this connection still to the old one.
  reconnectOnError: (error: Error) => (error.message.startsWith('READONLY') ? RECONNECT_AND_RESEND : false),
};

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

/** Of redis.conf, what Redis must have so that it keeps what it is told. */
const DURABLE = { appendonly: 'yes', 'maxmemory-policy': 'noeviction' };

/**
 * Refuses a Redis that may forget or evict what it was told. Throws with the settings to change. Where it forbids to ask
 * (`CONFIG`), the operator has to say it: `isStated`.
 */
export async function requireDurableRedis(
  redis: Redis,
  { isStated = false }: { isStated?: boolean } = {},
): Promise<void> {
  const wrong: string[] = [];
  for (const [name, needed] of Object.entries(DURABLE)) {
    const value = await redisSetting(redis, name);
    if (value === null) {
      if (isStated) return;
      throw new Error(MUST_BE_STATED);
    }
    if (value !== needed) wrong.push(`${name} must be ${needed}`);
  }
  if (wrong.length > 0) throw new Error(`Redis may lose records, so nothing was started: ${wrong.join('; ')}`);
}

const MUST_BE_STATED =
  'Redis forbids CONFIG, so it cannot be seen whether it keeps what it is told. If it has appendonly yes and ' +
  'maxmemory-policy noeviction, say so with DAYPASS_REDIS_PERSISTENCE=stated';

/**
 * One setting of Redis; undefined where it has none of that name, null where it forbids to ask. Redis takes several at once
 * from 7.0 on.
 */
export async function redisSetting(redis: Redis, name: string): Promise<string | null | undefined> {
  try {
    const [, value] = await redis.config('GET', name);
    return value;
  } catch (error) {
    if (error instanceof Error && /^(NOPERM|ERR unknown command)/i.test(error.message)) return null;
    throw error;
  }
}

/** Says of any failed Redis command, to the caller of the API, that the store is away. */
export async function orUnavailable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Refusal || !isStoreAway(error)) throw error;
    const words = isFull(error)
      ? 'The store (Redis) is full: it takes nothing more. An operator raises its maxmemory, or has it keep less (DAYPASS_KEEP_SESSIONS_HOURS); then give a POST its Idempotency-Key again.'
      : 'The store (Redis) does not answer. Try again in a moment; give a POST its Idempotency-Key again.';
    throw new Refusal('unavailable', words, { cause: error });
  }
}

/** It has reached its `maxmemory`, and may evict nothing. */
function isFull(error: unknown): boolean {
  return error instanceof Error && /^(?:ERR Error running script .*?-)?OOM\b/.test(error.message);
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
