import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Environment } from '../../../settings.ts';

/**
 * Runs a program with this process' own screen, and without input. Resolves with its exit code; a signal that this process is
 * sent goes to it, and it decides.
 */
export async function runTool(
  program: string,
  args: readonly string[],
  options: { env: Environment; cwd: string },
): Promise<number> {
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'inherit', 'inherit'] });
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, pass);
  try {
    const [code] = (await once(child, 'exit')) as [number | null];
    return code ?? 1;
  } finally {
    for (const signal of signals) process.off(signal, pass);
  }
}
