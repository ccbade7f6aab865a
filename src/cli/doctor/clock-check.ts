import { redisReady, type Redis } from '../../store/redis.ts';
import { NotSeen, Findings, type Check } from './check.ts';

const TIMEOUT_MS = 5_000;
/** Tokens have two minutes more than their sessions; an HTTP date has whole seconds. */
const TOLERANCE_MS = 5_000;

/** Somebody else's clock. `now` rejects when it cannot be asked. */
export interface OtherClock {
  name: string;
  now: () => Promise<Date>;
}

/** The `Date` of what answers at a URL, whatever it answers. Source: RFC 9110, 6.6.1. */
export function httpClock(name: string, url: string): OtherClock {
  return {
    name,
    now: async () => {
      const { headers } = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(TIMEOUT_MS) });
      return new Date(headers.get('date') ?? Number.NaN);
    },
  };
}

export function redisClock(redis: Redis): OtherClock {
  return {
    name: 'Redis',
    now: async () => {
      await redisReady(redis, TIMEOUT_MS);
      const [seconds] = await redis.time();
      return new Date(Number(seconds) * 1_000);
    },
  };
}

/** Deadlines and lifetimes of tokens are compared across machines. */
export function clockCheck(clocks: readonly OtherClock[]): Check {
  return {
    name: 'clock',
    look: async () => {
      const seen = (await Promise.all(clocks.map(offBy))).flatMap((offset) => (offset === null ? [] : [offset]));
      if (seen.length === 0) throw new NotSeen('nobody answers whose clock it could be held against');
      const wrong = seen.filter(({ offMs }) => Math.abs(offMs) > TOLERANCE_MS);
      if (wrong.length > 0) throw new Findings(wrong.map(inWords));
      return `with ${seen.map(({ name }) => name).join(', ')}`;
    },
    mend: 'Let both machines keep their time: sudo timedatectl set-ntp true',
  };
}

interface Offset {
  name: string;
  offMs: number;
}

async function offBy({ name, now }: OtherClock): Promise<Offset | null> {
  const before = Date.now();
  const there = await now().catch(() => null);
  if (there === null || Number.isNaN(there.getTime())) return null;
  return { name, offMs: there.getTime() - (before + Date.now()) / 2 };
}

function inWords({ name, offMs }: Offset): string {
  return `the clock of ${name} is ${Math.round(Math.abs(offMs) / 1_000)} s ${offMs > 0 ? 'ahead of' : 'behind'} this one`;
}
