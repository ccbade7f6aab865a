import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { watchForCrash, type WatchedProcess } from './crashes.ts';

/** A role's process of a test, with everything it printed. */
export interface TestProcess {
  readonly pid: number;
  lines(): string[];
  /** Resolves when it has ended, whyever. */
  readonly exited: Promise<void>;
  /** Resolves when the process has ended. Safe to call twice. One that ends otherwise with an error fails the test. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/** Who a process runs as, where that is another user than the tests'. */
export interface User {
  uid: number;
  gid: number;
  /** Further groups that it is in. */
  groups: readonly number[];
}

/** The program and arguments that run a command as somebody. */
export function commandAs({ uid, gid, groups }: User, command: readonly string[]): [string, string[]] {
  const further = groups.length === 0 ? '--clear-groups' : `--groups=${groups.join()}`;
  return ['setpriv', [`--reuid=${uid}`, `--regid=${gid}`, further, ...command]];
}

const START_TIMEOUT_MS = 30_000;

/**
 * Starts one of the project's programs, as another user and by another Node if need be, and resolves when it has printed a
 * line that holds `readyText`. Rejects with what it printed when it ends or takes too long before that.
 */
export async function startProcess(
  program: string,
  env: Record<string, string>,
  readyText: string,
  { user, node = process.execPath }: { user?: User; node?: string } = {},
): Promise<TestProcess> {
  const command = [node, program] as const;
  const [file, args] = user === undefined ? [command[0], command.slice(1)] : commandAs(user, command);
  const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  const ready = Promise.withResolvers<void>();
  const watched = watchForCrash(child, program);
  const take = (line: string): void => {
    lines.push(line);
    watched.heard(line);
    if (!line.includes(readyText)) return;
    watched.ready();
    ready.resolve();
  };
  createInterface({ input: child.stdout }).on('line', take);
  createInterface({ input: child.stderr }).on('line', take);
  const exited = once(child, 'exit').then(() => undefined);
  child.once('exit', (code) => ready.reject(new Error(`${program} ended with ${code}:\n${lines.join('\n')}`)));
  const timer = setTimeout(
    () => ready.reject(new Error(`${program} is not ready:\n${lines.join('\n')}`)),
    START_TIMEOUT_MS,
  );
  try {
    await ready.promise;
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    clearTimeout(timer);
  }
  return { pid: child.pid ?? 0, lines: () => lines, exited, end: (signal) => end(child, watched, signal) };
}

async function end(child: ChildProcess, watched: WatchedProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  watched.mayEnd();
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}
