import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { linesOf } from '../../../ops/lines.ts';
import type { Exit, Role } from './role.ts';

/** Output may come after the exit; one who left the group and holds it open is not waited for longer. */
const LAST_WORDS_TIMEOUT_MS = 500;
/** A role says less in a line; one that says more is written down in pieces. */
const MAX_LINE_CHARACTERS = 256 * 1024;

/** One life of a role: from its start to its end. A role that dies and is started again has another one. */
export interface RoleProcess {
  pid: number;
  startedAtMs: number;
  /** Resolves with true at its ready line, with false when it ended without one. */
  ready: Promise<boolean>;
  exited: Promise<Exit>;
  /** SIGTERM to its group, after the role's time SIGKILL. False: it had to be killed. Safe to call again and when it is over. */
  end(): Promise<boolean>;
}

/**
 * Starts it as the leader of a process group of its own, so that signals meant for the terminal's group do not reach it and
 * its children go with it. Whenever it ends, whatever is left of its group is killed.
 */
export async function startRoleProcess(role: Role, onLine: (line: string) => void): Promise<RoleProcess> {
  const { program, args, env, cwd, readyLine } = role;
  const child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const ready = Promise.withResolvers<boolean>();
  const take = (line: string): void => {
    onLine(line);
    if (readyLine.test(line)) ready.resolve(true);
  };
  for (const output of [child.stdout, child.stderr]) void takeLines(output, take);
  const over = Promise.withResolvers<Exit>();
  child.once('exit', (code, signal) => {
    killGroup(child.pid, 'SIGKILL');
    const tell = (): void => {
      clearTimeout(timer);
      ready.resolve(false);
      over.resolve({ code, signal });
    };
    const timer = setTimeout(tell, LAST_WORDS_TIMEOUT_MS);
    child.once('close', tell);
  });
  await once(child, 'spawn');

  const exitsWithin = (timeoutMs: number): Promise<boolean> => {
    const late = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => late.resolve(false), timeoutMs);
    return Promise.race([over.promise.then(() => true), late.promise]).finally(() => clearTimeout(timer));
  };
  return {
    pid: child.pid ?? 0,
    startedAtMs: Date.now(),
    ready: ready.promise,
    exited: over.promise,
    async end() {
      killGroup(child.pid, 'SIGTERM');
      const inTime = await exitsWithin(role.endTimeoutMs);
      if (!inTime) killGroup(child.pid, 'SIGKILL');
      await over.promise;
      return inTime;
    },
  };
}

/** Its last words are taken when the pipe breaks, too. */
async function takeLines(output: Readable, take: (line: string) => void): Promise<void> {
  try {
    for await (const line of linesOf(output, MAX_LINE_CHARACTERS)) take(line);
  } catch {
    // The process is gone, which its exit tells.
  }
}

/** Signals every process of the group; none being left is fine. */
export function killGroup(leader: number | undefined, signal: NodeJS.Signals): void {
  if (leader === undefined || leader <= 1) return;
  try {
    process.kill(-leader, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
