import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { SANDBOX_IMAGE } from '../../../src/images/sandbox-image.ts';
import { connectDocker } from '../../../src/runtime/docker/connect.ts';
import { eventually } from '../../support/eventually.ts';

/** A Docker engine that may be killed: it shares nothing with the machine's own but the kernel. Needs root. */
export interface OwnEngine extends AsyncDisposable {
  /** As DOCKER_HOST takes it. */
  readonly host: string;
  readonly docker: Docker;
  /** Everything that it has on the disk lies below, its log too. */
  readonly dir: string;
  /** Kills dockerd alone: containerd and what runs in containers stay. */
  kill(): Promise<void>;
  /** Starts it, again or anew; what it was started with before does not count. */
  start(options: { liveRestore: boolean }): Promise<void>;
}

const REMAPPED_USER = 'nobody';
/** The ranges of users that it may take are a file of the machine: it sees another one there. */
const GIVE_RANGE = 'for file in subuid subgid; do mount --bind "$1" "/etc/$file"; done; shift; exec "$@"';
const UP_TIMEOUT_MS = 30_000;
const DOWN_TIMEOUT_MS = 30_000;

/**
 * Starts containerd and dockerd in a network namespace of their own, with the sandbox image of the machine's engine. One that is
 * `remapped` runs with userns-remap and has no image.
 */
export async function startOwnEngine({
  debug = false,
  remapped = false,
}: { debug?: boolean; remapped?: boolean } = {}): Promise<OwnEngine> {
  // Short, because the sockets of containers lie below it.
  const dir = await mkdtemp('/tmp/dpe-');
  const paths = {
    config: join(dir, 'containerd.toml'),
    containerd: join(dir, 'c.sock'),
    socket: join(dir, 'docker.sock'),
    pid: join(dir, 'docker.pid'),
    log: join(dir, 'engine.log'),
    range: join(dir, 'subid'),
  };
  // A remapped root is another user, who must get through.
  if (remapped) await chmod(dir, 0o711);
  await writeFile(paths.range, `${REMAPPED_USER}:200000:65536\n`);
  await writeFile(
    paths.config,
    `version = 2\nroot = "${dir}/c-root"\nstate = "${dir}/c-state"\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n[grpc]\n  address = "${paths.containerd}"\n`,
  );
  const log = await open(paths.log, 'w');
  const run = async (program: string, args: string[]): Promise<ChildProcess> => {
    const remap = remapped ? ['--mount', 'sh', '-c', GIVE_RANGE, 'sh', paths.range] : [];
    const child = spawn('unshare', ['--net', ...remap, program, ...args], { stdio: ['ignore', log.fd, log.fd] });
    await once(child, 'spawn');
    return child;
  };
  const docker = connectDocker(`unix://${paths.socket}`);
  const containerd = await run('containerd', ['--config', paths.config]);
  let dockerd: ChildProcess | null = null;

  const end = async (child: ChildProcess | null, signal: NodeJS.Signals): Promise<void> => {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  const start = async ({ liveRestore }: { liveRestore: boolean }): Promise<void> => {
    await end(dockerd, 'SIGKILL');
    // The number that a killed one has noted may be somebody else's by now.
    await rm(paths.pid, { force: true });
    const places = ['--data-root', join(dir, 'root'), '--exec-root', join(dir, 'exec'), '--pidfile', paths.pid];
    const sockets = ['--host', `unix://${paths.socket}`, '--containerd', paths.containerd];
    const restore = [
      ...(liveRestore ? ['--live-restore'] : []),
      ...(debug ? ['--debug'] : []),
      ...(remapped ? ['--userns-remap', `${REMAPPED_USER}:nogroup`] : []),
    ];
    dockerd = await run('dockerd', [...restore, ...places, ...sockets, '--bridge=none', '--iptables=false']);
    const answers = async (): Promise<boolean> =>
      docker.ping().then(
        () => true,
        () => false,
      );
    await eventually(answers, (up) => up, { timeoutMs: UP_TIMEOUT_MS });
  };
  const dispose = async (): Promise<void> => {
    await end(dockerd, 'SIGTERM');
    await endShims(dir);
    await end(containerd, 'SIGTERM');
    await log.close();
    await unmountBelow(dir);
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await start({ liveRestore: true });
    if (!remapped) await copyImage(paths.socket);
  } catch (error) {
    const said = (await readFile(paths.log, 'utf8')).split('\n').slice(-20).join('\n');
    await dispose();
    throw new Error(`the engine of a test did not come up:\n${said}`, { cause: error });
  }
  return {
    host: `unix://${paths.socket}`,
    docker,
    dir,
    kill: () => end(dockerd, 'SIGKILL'),
    start,
    [Symbol.asyncDispose]: dispose,
  };
}

async function copyImage(socket: string): Promise<void> {
  const save = spawn('docker', ['save', SANDBOX_IMAGE], { stdio: ['ignore', 'pipe', 'inherit'] });
  const load = spawn('docker', ['--host', `unix://${socket}`, 'load', '--quiet'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  save.stdout.pipe(load.stdin);
  const [code] = (await once(load, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`docker load ended with ${code}`);
}

/** What still runs in containers ends with its shim's removal; the shims of this engine name its directory. */
async function endShims(dir: string): Promise<void> {
  const ours = async (): Promise<number[]> => {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
    const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
    return pids.filter((_, i) => lines[i]?.includes('containerd-shim') && lines[i].includes(join(dir, 'c.sock')));
  };
  const descendants = async (roots: number[]): Promise<number[]> => {
    const found = await Promise.all(
      roots.map(async (pid) => {
        const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
        return text
          .split(' ')
          .filter((part) => part !== '')
          .map(Number);
      }),
    );
    return found.flat();
  };
  const shims = await ours();
  for (const pid of [...(await descendants(shims)), ...shims]) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
  await eventually(ours, (left) => left.length === 0, { timeoutMs: DOWN_TIMEOUT_MS });
}

/** Deepest first. */
async function unmountBelow(dir: string): Promise<void> {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8'))
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((path) => path.startsWith(`${dir}/`));
  for (const path of mounts.toReversed()) {
    const [code] = (await once(spawn('umount', [path], { stdio: 'inherit' }), 'exit')) as [number | null];
    if (code !== 0) throw new Error(`${path} could not be unmounted`);
  }
}
