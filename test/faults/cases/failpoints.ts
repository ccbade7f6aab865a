import { FAILPOINTS, type FailpointName } from '../../../src/ops/failpoints.ts';
import type { Role } from '../../support/stack.ts';
import { eventually } from '../../support/eventually.ts';
import type { FaultCase } from '../fault-case.ts';

const HIT_TIMEOUT_MS = 45_000;
/** What was asked for, or what was answered, is nowhere when the minter dies there. */
const LOSES_THE_TOKEN = new Set<FailpointName>(['minter.asked_written', 'minter.answered']);

/** Steps of a token's renewal: for sessions that have it with the gateway and outlive it. */
const RENEWS = /^worker\.renew/;
const SHORT_LIVED = { DAYPASS_TOKEN_TTL_SECONDS: '8' };
const LONG = { lines: 120, delivery: 'gateway' } as const;

/** Each step of a session, with the process that does it killed there. */
export const failpointCases: FaultCase[] = (Object.keys(FAILPOINTS) as FailpointName[]).map((name) => ({
  name: `failpoint.${name}`,
  ...(!LOSES_THE_TOKEN.has(name) && { survivable: true }),
  async run({ supervision, workload }) {
    const role = name.split('.')[0] as Role;
    await supervision.restart(role, {
      DAYPASS_FAILPOINTS: `${name}=kill`,
      ...(RENEWS.test(name) && SHORT_LIVED),
    });
    const lives = supervision.restarts(role);
    await workload.startMany(3, RENEWS.test(name) ? LONG : {});
    await eventually(
      () => supervision.restarts(role),
      (count) => count > lives,
      { timeoutMs: HIT_TIMEOUT_MS },
    );
  },
}));
