import type { Redis } from './redis.ts';
import { OtherType, type Stored } from './stored.ts';

/** A key must hold exactly this text, or be of this other type, or (null) must not exist, for the commit to happen. */
export interface Holding {
  key: string;
  value: Stored;
}

/** A sorted set must have this member for the commit to happen. */
export interface Listing {
  set: string;
  member: string;
}

export type Expectation = Holding | Listing;

/** Sorted sets must have fewer members than this, all together, for the commit to happen. */
export interface Bound {
  sets: string[];
  below: number;
}

/** One Redis command. */
export type Effect = [command: string, ...args: (string | number)[]];

/*
 * All or nothing, in one script: expectations and bounds are checked, then every effect happens. It keeps a record, its indexes
 * and its events in step whatever process dies around it. Keys are built by the caller, so this is for a single Redis
 * (or one with replicas), not for a cluster.
 */
const COMMIT = `
local plan = cjson.decode(ARGV[1])
for _, expected in ipairs(plan.holding) do
  local type = redis.call('TYPE', expected[1]).ok
  if type ~= expected[2] then return 0 end
  if type == 'string' and redis.call('GET', expected[1]) ~= expected[3] then return 0 end
end
for _, expected in ipairs(plan.listing) do
  if not redis.call('ZSCORE', expected[1], expected[2]) then return 0 end
end
for _, bound in ipairs(plan.bounds) do
  local members = 0
  for _, set in ipairs(bound[1]) do members = members + redis.call('ZCARD', set) end
  if members >= bound[2] then return 0 end
end
for _, effect in ipairs(plan.effects) do redis.call(unpack(effect)) end
return 1
`;

/** True when it happened; false when an expectation or a bound did not hold and nothing was changed. */
export async function commit(
  redis: Redis,
  expectations: Expectation[],
  effects: Effect[],
  bounds: Bound[] = [],
): Promise<boolean> {
  const plan = {
    holding: expectations.flatMap((one) => ('key' in one ? [[one.key, ...typeAndText(one.value)]] : [])),
    listing: expectations.flatMap((one) => ('set' in one ? [[one.set, one.member]] : [])),
    bounds: bounds.map(({ sets, below }) => [sets, below]),
    effects: effects.map((effect) => effect.map(String)),
  };
  return (await redis.eval(COMMIT, 0, JSON.stringify(plan))) === 1;
}

function typeAndText(value: Stored): string[] {
  if (value === null) return ['none'];
  return value instanceof OtherType ? [value.type] : ['string', value];
}
