import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { processesOf } from '../../../src/warden/places/end-processes.ts';
import { eventually } from '../../support/eventually.ts';
import type { FaultCase } from '../fault-case.ts';
import type { Rig } from '../rig/rig.ts';
import { startRunning } from './start-running.ts';

const AWAY_MS = 2_000;
const PAUSED_MS = 5_000;
const MID_START_TIMEOUT_MS = 20_000;

/** The container of a session that runs, found by its labels. */
async function oneContainer(rig: Rig): Promise<Docker.Container> {
  const ids = await startRunning(rig);
  const found = await eventually(
    () => rig.stack.containers(),
    (all) => all.some(({ State, Labels }) => State === 'running' && ids.includes(Labels['daypass.session'] ?? '')),
  );
  const running = found.find(({ State }) => State === 'running');
  return rig.docker.getContainer(running?.Id ?? '');
}

/** What is there to run in sandboxes, a moment before the engine says that they run. */
async function processesOfSandboxes({ stack }: Rig): Promise<number[]> {
  const ids = await readdir(stack.memoryDir);
  return (await Promise.all(ids.map(processesOf))).flat();
}

async function killEngine({ engine }: Rig, liveRestore: boolean): Promise<void> {
  await engine?.kill();
  await sleep(AWAY_MS);
  await engine?.start({ liveRestore });
}

export const engineCases: FaultCase[] = [
  {
    name: 'engine.killed_with_live_restore',
    ownEngine: 'live-restore',
    survivable: true,
    async run(rig) {
      await startRunning(rig);
      await killEngine(rig, true);
    },
  },
  {
    name: 'engine.killed_without_live_restore',
    ownEngine: 'no-live-restore',
    async run(rig) {
      await startRunning(rig);
      await killEngine(rig, false);
    },
  },
  {
    name: 'engine.killed_mid_start',
    ownEngine: 'live-restore',
    async run(rig) {
      await rig.workload.startMany(3);
      await eventually(
        () => rig.stack.containers().catch(() => []),
        (found) => found.some(({ State }) => State === 'created'),
        { timeoutMs: MID_START_TIMEOUT_MS, everyMs: 1 },
      );
      await killEngine(rig, true);
    },
  },
  {
    // Half of what is started in these milliseconds runs on, and the engine forgets that it ever began.
    name: 'engine.killed_with_process_made',
    ownEngine: 'live-restore',
    async run(rig) {
      await rig.workload.startMany(3);
      await eventually(
        () => processesOfSandboxes(rig),
        (found) => found.length > 0,
        { timeoutMs: MID_START_TIMEOUT_MS, everyMs: 1 },
      );
      await killEngine(rig, true);
    },
  },
  {
    name: 'container.killed',
    async run(rig) {
      await (await oneContainer(rig)).kill();
    },
  },
  {
    name: 'container.removed',
    async run(rig) {
      await (await oneContainer(rig)).remove({ force: true });
    },
  },
  {
    name: 'container.paused',
    survivable: true,
    async run(rig) {
      const container = await oneContainer(rig);
      await container.pause();
      await sleep(PAUSED_MS);
      await container.unpause();
    },
  },
  {
    name: 'container.paused_and_stopped',
    async run(rig) {
      const container = await oneContainer(rig);
      await container.pause();
      for (const id of rig.workload.ids()) {
        await rig.stack.call('POST', `/v1/sessions/${id}/stop`, { graceSeconds: 1 });
      }
    },
  },
];
