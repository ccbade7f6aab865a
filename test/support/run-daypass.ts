import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'cli', 'up', 'main.ts');
const TIMEOUT_MS = 60_000;

type Environment = Record<string, string>;

/** What a `daypass ARGS` that has ended has left. */
interface Ended {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/** Starts `daypass ARGS` with this environment alone. */
export function spawnDaypass(args: string[], env: Environment): ChildProcessByStdio<null, Readable, Readable> {
  return spawn(process.execPath, [MAIN, 'cli', ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
}

/** All that it prints from now on, and its exit code. */
export async function untilEnded(child: ChildProcessByStdio<null, Readable, Readable>): Promise<Ended> {
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { exitCode: child.exitCode, stdout, stderr };
}

/** Runs `daypass ARGS` to its end. */
export async function runDaypass(args: string[], env: Environment): Promise<Ended> {
  return untilEnded(spawnDaypass(args, env));
}
