import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Disk } from './make-disk.ts';
import { run } from './run.ts';

export type Accelerator = 'kvm' | 'emulation';

const MEMORY_MB = 6_144;
const CPUS = 2;
/** TCG: 40 to 75 s were seen on a quiet machine. */
const BOOT_TIMEOUT_MS: Record<Accelerator, number> = { kvm: 90_000, emulation: 400_000 };
const POLL_MS = 2_000;

/*
 * By emulation, Node 24 crashes now and then: 3 of about 80 starts of roles, also with these CPU features left out.
 */
const ACCELERATION: Record<Accelerator, string[]> = {
  kvm: ['-accel', 'kvm', '-cpu', 'host'],
  emulation: ['-accel', 'tcg,thread=multi,tb-size=1024', '-cpu', 'max,-pku,-la57,-avx512f'],
};

export interface Machine {
  accelerator: Accelerator;
  /** As if its plug were pulled: what it has written is of no use any more. */
  kill(): Promise<void>;
}

export function canUseKvm(): boolean {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Boots a machine from the disk, which stays as it is: writes go into an overlay beside it. Resolves
 * once `answers` does. Throws with the end of the console when it does not boot. `port` of 127.0.0.1 leads to its port 22.
 */
export async function boot(
  accelerator: Accelerator,
  { dir, disk, port, answers }: { dir: string; disk: Disk; port: number; answers: () => Promise<boolean> },
): Promise<Machine> {
  const overlay = join(dir, 'overlay.qcow2');
  const said = join(dir, 'qemu.out');
  const console = join(dir, 'console.log');
  await rm(overlay, { force: true });
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', disk.file, '-F', 'raw', overlay]);
  await using out = await open(said, 'w');
  const machine = [
    ['-machine', 'q35', '-smp', String(CPUS), '-m', String(MEMORY_MB), '-display', 'none'],
    ['-kernel', disk.kernel, '-initrd', disk.initrd],
    ['-append', 'root=/dev/vda rw console=ttyS0 net.ifnames=0 mitigations=off'],
    ['-drive', `file=${overlay},if=virtio,cache=unsafe,discard=unmap`, '-device', 'virtio-rng-pci'],
    ['-netdev', `user,id=n0,hostfwd=tcp:127.0.0.1:${port}-:22`, '-device', 'virtio-net-pci,netdev=n0'],
    ['-serial', `file:${console}`],
  ].flat();
  // It ends with this process, however that ends.
  const qemu = ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...ACCELERATION[accelerator], ...machine];
  const child = spawn('setpriv', qemu, { stdio: ['ignore', out.fd, out.fd] });
  const until = Date.now() + BOOT_TIMEOUT_MS[accelerator];
  while (!(await answers())) {
    // qemu pauses a machine whose kernel KVM cannot run, and says why.
    const words = await readFile(said, 'utf8');
    if (isOver(child) || words.includes('KVM internal error') || Date.now() > until) {
      child.kill('SIGKILL');
      const end = (await readFile(console, 'utf8').catch(() => '')).slice(-500);
      throw new Error(`The guest does not boot by ${accelerator}. qemu: ${words.slice(0, 300)}\nIts console: ${end}`);
    }
    await sleep(POLL_MS);
  }
  return { accelerator, kill: () => kill(child) };
}

async function kill(child: ChildProcess): Promise<void> {
  if (isOver(child)) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

function isOver({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
