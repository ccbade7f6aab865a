import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Readable, Writable } from 'node:stream';
import { GIT_SETTINGS, gitEnvironment, settingsEnvironment } from './git-settings.ts';

/** Time for git to remove its locks and half-written packs after SIGTERM. It takes milliseconds. */
const KILL_AFTER_MS = 2_000;
const GROUP_LOOK_MS = 5;
/** Enough of git's complaint to explain a failure. */
const MAX_STDERR_CHARS = 4_096;

export interface GitCall {
  /** Arguments after git's own options; they hold no data of a client but checked object names and repo directories. */
  args: string[];
  repoDir: string;
  homeDir: string;
  /** A checked value of the Git-Protocol header. */
  protocol?: string | null;
  /** Settings that no other user of the machine may see: they go by the environment and not as arguments. */
  secretSettings?: Record<string, string>;
  /** `background` leaves processor and disk to everybody else. */
  priority?: 'background';
  /** Ends the process and all its children. */
  signal: AbortSignal;
}

export interface GitProcess {
  stdin: Writable;
  stdout: Readable;
  /**
   * Resolves with the exit code and the beginning of stderr when the process is gone and its output is closed. Rejects with
   * the signal's reason when it was aborted, also only when the process is gone, and when git cannot be started.
   */
  ended: Promise<{ exitCode: number; stderr: string }>;
}

/**
 * Starts git without a shell, in a process group of its own, so that ending it ends pack-objects and index-pack too.
 */
export function startGit(call: GitCall): GitProcess {
  const settings = { ...GIT_SETTINGS, 'safe.directory': call.repoDir };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn('git', [...options, ...call.args], {
    cwd: call.repoDir,
    env: { ...gitEnvironment(call.homeDir, call.protocol ?? null), ...settingsEnvironment(call.secretSettings ?? {}) },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  // The disk's scheduler goes by the same number, and whatever git starts inherits it.
  if (call.priority === 'background' && child.pid !== undefined)
    setPriority(child.pid, constants.priority.PRIORITY_LOW);
  // A git that ends before it has read its input is judged by its exit code.
  child.stdin.on('error', () => {});
  const ended = endOf(child, call.signal);
  // A caller that is still busy with the streams looks at this later.
  ended.catch(() => {});
  return { stdin: child.stdin, stdout: child.stdout, ended };
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

async function endOf(child: Child, signal: AbortSignal): Promise<{ exitCode: number; stderr: string }> {
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(0, MAX_STDERR_CHARS);
  });
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  child.once('error', (cause) => reject(new Error('git could not be started', { cause })));
  child.once('close', (code) => resolve(code ?? -1));
  let killTimer: NodeJS.Timeout | undefined;
  const kill = (): void => {
    killGroup(child, 'SIGTERM');
    killTimer = setTimeout(() => killGroup(child, 'SIGKILL'), KILL_AFTER_MS);
    // Nobody reads any more; unread output would keep 'close' from coming.
    child.stdout.destroy();
  };
  signal.addEventListener('abort', kill, { once: true });
  if (signal.aborted) kill();
  try {
    const exitCode = await promise;
    if (signal.aborted) await groupGone(child);
    signal.throwIfAborted();
    return { exitCode, stderr };
  } finally {
    clearTimeout(killTimer);
    signal.removeEventListener('abort', kill);
  }
}

/**
 * Git's own children may outlive it by a moment: waits until nothing of the group runs, and kills what lingers. What
 * answers even then is a dead process that nobody has collected yet, and is not waited for.
 */
async function groupGone(child: Child): Promise<void> {
  const killAtMs = Date.now() + KILL_AFTER_MS;
  while (Date.now() < killAtMs && killGroup(child, 0)) await sleep(GROUP_LOOK_MS);
  killGroup(child, 'SIGKILL');
}

/** Signals the whole group, 0 only asks; false when there is none any more. */
function killGroup(child: Child, name: NodeJS.Signals | 0): boolean {
  if (child.pid === undefined) return false;
  try {
    return process.kill(-child.pid, name);
  } catch (error) {
    // ESRCH: the group is gone already, which is what is wanted.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    return false;
  }
}
