import type { ServerResponse } from 'node:http';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { Refusal } from '../errors.ts';
import { keys } from '../store/keys.ts';
import type { Redis } from '../store/redis.ts';

const WINDOW_SECONDS = 60;

/** What is counted, each apart. */
export type RateName = 'requests' | 'starts' | 'logins' | 'failed-keys' | 'failed-audit';

/** Where a count stands after one more. */
export interface RateState {
  name: RateName;
  limit: number;
  remaining: number;
  /** Until the count begins anew. */
  resetSeconds: number;
  exceeded: boolean;
}

export interface RateLimits {
  /** Counts one more for somebody; what is over the limit counts too. Throws what Redis throws when it is away. */
  count(name: RateName, who: string, limit: number): Promise<RateState>;
}

/** Counts by the minute, in Redis: every process of the API adds to the same figures. */
export function createRateLimits(redis: Redis): RateLimits {
  // A limiter holds its limit, so there is one for each limit that keys have.
  const limiters = new Map<string, RateLimiterRedis>();
  const limiterOf = (name: RateName, limit: number): RateLimiterRedis => {
    const known = limiters.get(`${name} ${limit}`);
    if (known !== undefined) return known;
    const made = new RateLimiterRedis({
      storeClient: redis,
      keyPrefix: keys.rates(name),
      points: limit,
      duration: WINDOW_SECONDS,
      // Who is over the limit stays so until the minute is over: Redis need not be asked.
      inMemoryBlockOnConsumed: limit + 1,
    });
    limiters.set(`${name} ${limit}`, made);
    return made;
  };
  return {
    async count(name, who, limit) {
      const { remainingPoints, msBeforeNext, exceeded } = await consume(limiterOf(name, limit), who);
      return { name, limit, remaining: remainingPoints, resetSeconds: Math.ceil(msBeforeNext / 1_000), exceeded };
    },
  };
}

/** The library rejects with the same figures that it resolves with. */
async function consume(limiter: RateLimiterRedis, who: string) {
  try {
    const { remainingPoints, msBeforeNext } = await limiter.consume(who);
    return { remainingPoints, msBeforeNext, exceeded: false };
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error;
    return { remainingPoints: 0, msBeforeNext: error.msBeforeNext, exceeded: true };
  }
}

/** Says how much is left, as draft-ietf-httpapi-ratelimit-headers has it. */
export function tellRate(res: ServerResponse, { name, limit, remaining, resetSeconds }: RateState): void {
  res.setHeader('ratelimit-policy', `"${name}";q=${limit};w=${WINDOW_SECONDS}`);
  res.setHeader('ratelimit', `"${name}";r=${remaining};t=${resetSeconds}`);
}

/** Throws `rate_limited` where there was one too many. */
export function requireRate({ exceeded, limit, resetSeconds }: RateState, what: string): void {
  if (!exceeded) return;
  throw new Refusal('rate_limited', `${limit} ${what} a minute are allowed. Try again in ${resetSeconds} s.`, {
    retryAfterSeconds: Math.max(1, resetSeconds),
  });
}
