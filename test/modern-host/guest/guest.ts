import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { runProgram, type ProgramRun } from '../../../src/cli/up/run-program.ts';
import { describe } from '../../../src/errors.ts';
import { freePort } from '../../support/free-port.ts';
import type { Disk } from './make-disk.ts';
import { boot, canUseKvm, type Accelerator } from './qemu.ts';

const ANSWER_TIMEOUT_MS = 60_000;
/** The connection is not closed, it just ends. */
const RESET_TIMEOUT_MS = 5_000;
const REBOOT_TIMEOUT_MS = 600_000;
const POLL_MS = 2_000;

/** A booted machine of its own, with a kernel, systemd and an engine of its own. */
export interface Guest extends AsyncDisposable {
  accelerator: Accelerator;
  /** Runs a shell command as root. `code` null: it took longer than `timeoutMs`, or ssh was cut. */
  run(command: string, timeoutMs: number): Promise<ProgramRun>;
  /** Opens ports of the guest's loopback address on free ports of this one's; disposed of, they close. */
  forward(ports: number[]): Promise<AsyncDisposable & { localPorts: number[] }>;
  /** Reboots at once, as after a loss of power, and resolves when it answers again. */
  reset(): Promise<void>;
}

/** Boots by KVM; where that is not there or does not work, by emulation. `say` is told why. */
export async function startGuest(dir: string, disk: Disk, say: (line: string) => void): Promise<Guest> {
  const port = await freePort();
  const options = ['BatchMode=yes', 'StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'ConnectTimeout=60'];
  const ssh = ['-q', '-i', disk.key, '-p', String(port), ...options.flatMap((option) => ['-o', option])];
  const run: Guest['run'] = (command, timeoutMs) =>
    runProgram('ssh', [...ssh, 'root@127.0.0.1', command], { env: process.env, timeoutMs });
  const answers = async (): Promise<boolean> => (await run('true', ANSWER_TIMEOUT_MS)).code === 0;
  const start = (accelerator: Accelerator) => boot(accelerator, { dir, disk, port, answers });
  const machine = canUseKvm()
    ? await start('kvm').catch((error: unknown) => {
        say(`  ${describe(error)}`);
        return start('emulation');
      })
    : await start('emulation');
  return {
    accelerator: machine.accelerator,
    run,
    async forward(ports) {
      const localPorts = await Promise.all(ports.map(() => freePort()));
      const routes = ports.flatMap((to, index) => ['-L', `127.0.0.1:${localPorts[index]}:127.0.0.1:${to}`]);
      const tunnel = spawn('ssh', [...ssh, '-N', '-o', 'ExitOnForwardFailure=yes', ...routes, 'root@127.0.0.1'], {
        stdio: 'ignore',
      });
      return {
        localPorts,
        async [Symbol.asyncDispose]() {
          tunnel.kill();
          if (tunnel.exitCode === null && tunnel.signalCode === null) await once(tunnel, 'exit');
        },
      };
    },
    async reset() {
      const bootId = async (): Promise<string> =>
        (await run('cat /proc/sys/kernel/random/boot_id', ANSWER_TIMEOUT_MS)).stdout.trim();
      const before = await bootId();
      await run('echo b > /proc/sysrq-trigger', RESET_TIMEOUT_MS);
      const until = Date.now() + REBOOT_TIMEOUT_MS;
      for (let now = ''; now === '' || now === before; now = await bootId()) {
        if (Date.now() > until) throw new Error(`The guest did not come back within ${REBOOT_TIMEOUT_MS / 1_000} s.`);
        await sleep(POLL_MS);
      }
    },
    [Symbol.asyncDispose]: () => machine.kill(),
  };
}
