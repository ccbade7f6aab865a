import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Readable, Writable } from 'node:stream';
import { GIT_SETTINGS, gitEnvironment, settingsEnvironment } from './git-settings.ts';
import { GIT_LIMITS, underLimits, type GitLimits } from './limits.ts';

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
  /** What the process may take; without it, what any may. */
  limits?: GitLimits;
  /** `background` leaves processor and disk to everybody else. */
  priority?: 'background';
  /** Ends the process and all its children. */
  signal: AbortSignal;
}

export interface GitProcess extends GitOutput {
  stdin: Writable;
}

export interface GitOutput {
  stdout: Readable;
  /**
   * Resolves with the exit code and the beginning of stderr when the process is gone and its output is closed. Rejects with
   * the signal's reason when it was aborted, also only when the process is gone, and when git cannot be started.
   */
  ended: Promise<{ exitCode: number; stderr: string }>;
}

/**
 * Starts git without a shell that could read any of its arguments, in a process group of its own, so that ending it ends
 * pack-objects and index-pack too.
 */
export function startGit(call: GitCall): GitProcess {
  const child = spawnGit(call, 'pipe') as ChildProcessByStdio<Writable, Readable, Readable>;
  // A git that ends before it has read its input is judged by its exit code.
  child.stdin.on('error', () => {});
  return { stdin: child.stdin, ...outputOf(child, call.signal) };
}

/** The same, with an open file as its input, which git reads by itself. */
export function startGitOn(call: GitCall, inputFd: number): GitOutput {
  return outputOf(spawnGit(call, inputFd), call.signal);
}

function spawnGit(call: GitCall, input: 'pipe' | number): Child {
  const settings = { ...GIT_SETTINGS, 'safe.directory': call.repoDir };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const { command, args } = underLimits(call.limits ?? GIT_LIMITS, 'git', [...options, ...call.args]);
  const child = spawn(command, args, {
    cwd: call.repoDir,
    env: { ...gitEnvironment(call.homeDir, call.protocol ?? null), ...settingsEnvironment(call.secretSettings ?? {}) },
    stdio: [input, 'pipe', 'pipe'],
    detached: true,
  }) as Child;
  // The disk's scheduler goes by the same number, and whatever git starts inherits it.
  if (call.priority === 'background' && child.pid !== undefined)
    setPriority(child.pid, constants.priority.PRIORITY_LOW);
  return child;
}

function outputOf(child: Child, signal: AbortSignal): GitOutput {
  const ended = endOf(child, signal);
  // A caller that is still busy with the streams looks at this later.
  ended.catch(() => {});
  return { stdout: child.stdout, ended };
}

type Child = ChildProcessByStdio<Writable | null, Readable, Readable>;

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
