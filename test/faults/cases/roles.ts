import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../support/eventually.ts';
import type { Role } from '../../support/stack.ts';
import type { FaultCase } from '../fault-case.ts';
import type { Rig } from '../rig/rig.ts';
import { SUPERVISED } from '../rig/supervision.ts';
import { startRunning } from './start-running.ts';

const BACK_TIMEOUT_MS = 40_000;
/** Three times a job's lock in the rig. */
const FROZEN_MS = 9_000;
/** A worker that has not been seen for 30 s is taken for dead. */
const TAKEN_FOR_DEAD_MS = 36_000;

const killed: FaultCase[] = SUPERVISED.map((role) => ({
  name: `role.${role}_killed`,
  survivable: true,
  async run(rig) {
    await startRunning(rig);
    const lives = rig.supervision.restarts(role);
    await rig.stack.stop(role, 'SIGKILL');
    await eventually(
      () => rig.supervision.restarts(role),
      (count) => count > lives,
      { timeoutMs: BACK_TIMEOUT_MS },
    );
  },
}));

export const roleCases: FaultCase[] = [
  ...killed,
  {
    name: 'role.worker_frozen',
    survivable: true,
    async run(rig) {
      await startRunning(rig);
      await freeze(rig, 'worker', FROZEN_MS);
    },
  },
  {
    // What runs needs no engine, and so no warden; what starts waits for it.
    name: 'role.warden_frozen',
    survivable: true,
    async run(rig) {
      await startRunning(rig);
      await freeze(rig, 'warden', FROZEN_MS);
    },
  },
  {
    name: 'role.worker_frozen_beside_another',
    survivable: true,
    async run(rig) {
      await startRunning(rig);
      await rig.stack.startAnother('worker', { DAYPASS_WORKER_NAME: 'another' });
      await freeze(rig, 'worker', FROZEN_MS);
    },
  },
  {
    name: 'role.worker_frozen_until_taken_for_dead',
    survivable: true,
    async run(rig) {
      await startRunning(rig, { lines: 420 });
      await rig.stack.startAnother('worker', { DAYPASS_WORKER_NAME: 'another' });
      await freeze(rig, 'worker', TAKEN_FOR_DEAD_MS);
    },
  },
];

async function freeze({ stack }: Rig, role: Role, forMs: number): Promise<void> {
  const { pid } = stack.process(role);
  process.kill(pid, 'SIGSTOP');
  await sleep(forMs);
  process.kill(pid, 'SIGCONT');
}
