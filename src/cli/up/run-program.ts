import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Environment } from '../../settings.ts';

const MAX_KEPT_CHARACTERS = 200_000;

export interface ProgramRun {
  /** null: ended by a signal. */
  code: number | null;
  stdout: string;
  /** What it wrote to both, in the order it came; the last 200,000 characters. */
  output: string;
}

export interface RunOptions {
  env: Environment;
  cwd?: string;
  /** When it is over, the program is killed. */
  timeoutMs: number;
}

/** Runs a program to its end, without a shell and without input. Throws only when it cannot be run at all. */
export async function runProgram(program: string, args: string[], options: RunOptions): Promise<ProgramRun> {
  const child = spawn(program, args, {
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: options.timeoutMs,
    killSignal: 'SIGKILL',
    ...(options.cwd !== undefined && { cwd: options.cwd }),
  });
  let stdout = '';
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    output = (output + chunk.toString()).slice(-MAX_KEPT_CHARACTERS);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-MAX_KEPT_CHARACTERS);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, output };
}

/** The last lines of an output, for an error's message. */
export function lastLines(output: string, count = 12): string {
  return output.trim().split('\n').slice(-count).join('\n');
}
