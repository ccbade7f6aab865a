import { setTimeout as sleep } from 'node:timers/promises';
import type { Law } from '../../../src/invariants/violation.ts';
import type { FaultCase } from '../fault-case.ts';
import { MATRIX } from '../matrix.ts';

/** From the project's root. */
export const NAIVE_WORKER = 'test/faults/naive/worker.ts';

/** It keeps no log and no ledger; what counts is whether a token outlives its session. */
export const NAIVE_LAWS: Law[] = ['tokens'];

const LEAKY = new Set([
  'failpoint.worker.minted',
  'failpoint.worker.handler_begun',
  'role.worker_killed',
  'provider.delete_500',
  'provider.delete_not_forwarded',
  'provider.mint_reset_after_commit',
]);

/** Without any fault nothing is left even so: what the other cases find is the fault's doing, not the worker's. */
const undisturbed: FaultCase = {
  name: 'nothing',
  async run({ workload }) {
    const ids = await workload.startMany(3, { lines: 5 });
    await Promise.all(ids.map((id) => workload.until(id, ({ endedAt }) => endedAt !== null)));
    await sleep(1_000);
  },
};

/** The faults of the matrix that it can meet: it has no minter or warden to kill, no spool to fill, no token
 * with the gateway, no webhooks, and two of the worker's failpoints. */
function canMeet({ name }: FaultCase): boolean {
  if (/^(disk|gateway_delivery|webhook)\.|^failpoint\.(minter|warden)\./.test(name)) return false;
  return !name.startsWith('failpoint.worker.') || LEAKY.has(name);
}

export const NAIVE_CASES: FaultCase[] = [undisturbed, ...MATRIX.filter(canMeet)];

/** Those that must show a leak, and the one that must not. */
export const NAIVE_SHORT: FaultCase[] = [undisturbed, ...MATRIX.filter(({ name }) => LEAKY.has(name))];
