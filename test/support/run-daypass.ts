import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

const TIMEOUT_MS = 60_000;

/** Runs `daypass ARGS` with this environment alone, to its end. */
export async function runDaypass(
  args: string[],
  env: Record<string, string>,
): Promise<{ exitCode: number | null; stdout: string }> {
  const child = spawn(process.execPath, ['src/cli/up/main.ts', 'cli', ...args], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const exited = once(child, 'exit');
  const stdout = await text(child.stdout);
  await exited;
  return { exitCode: child.exitCode, stdout };
}
