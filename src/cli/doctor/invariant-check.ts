import { setTimeout as sleep } from 'node:timers/promises';
import { checkInvariants, type InvariantDeps } from '../../invariants/check-invariants.ts';
import type { Violation } from '../../invariants/violation.ts';
import { Findings, type Check } from './check.ts';
import { redisSeen } from './store-checks.ts';

/** The reconciler has looked twice by then, so that what is only on its way is no finding. */
const BETWEEN_LOOKS_MS = 8_000;

/** Every law that can be known from here. Looks a second time where the first look found something. */
export function invariantCheck(deps: InvariantDeps): Check {
  return {
    name: 'invariants',
    look: async () => {
      await redisSeen(deps.redis);
      let found = await checkInvariants(deps);
      if (found.length > 0) {
        await sleep(BETWEEN_LOOKS_MS);
        found = inBoth(found, await checkInvariants(deps));
      }
      if (found.length > 0) throw new Findings(found.map(({ sentence }) => sentence));
      return 'all hold';
    },
    mend: 'The worker mends most of these by itself every few seconds: see that it runs, and what its log says. Records that cannot be read are mended within seconds where they are live, else within an hour.',
  };
}

function inBoth(first: Violation[], second: Violation[]): Violation[] {
  const seen = new Set(first.map(({ sentence }) => sentence));
  return second.filter(({ sentence }) => seen.has(sentence));
}
