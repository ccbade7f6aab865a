import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { mountOf } from '../disks/kernel-tables.ts';

const execute = promisify(execFile);

/** Init takes a millisecond to say that it is not in a sandbox; a loaded machine may take its time. */
const TIMEOUT_MS = 10_000;
/** What init says where it is not the first process of a sandbox; docker/sandbox/init/main.c. */
const INIT_RAN = 'it runs as PID 1 of a sandbox only';
const ADVICE = 'Set DAYPASS_TOOLS_DIR to a directory on a file system that programs may run from.';

/**
 * Throws where the file system that `dir` lies on lets no program run. The engine may drop that option from what it mounts, or
 * keep it; newer ones keep it. `there` is `dir`, or the nearest directory above it where that is yet to be made.
 */
export async function requireExecMount(dir: string, there = dir): Promise<void> {
  const { target, options } = await mountOf(there);
  if (!options.includes('noexec')) return;
  throw new Error(
    `${dir} lies on ${target}, which is mounted with noexec, so no sandbox could run its init from there. ${ADVICE}`,
  );
}

/** Runs init once from these tools, outside of a sandbox, where it says so and ends. Throws where it does not. */
export async function runInitOnce(toolsDir: string, timeoutMs = TIMEOUT_MS): Promise<void> {
  const init = join(toolsDir, 'bin', 'init');
  const options = { timeout: timeoutMs, killSignal: 'SIGKILL', env: {} } as const;
  const ended = await execute(init, [], options).catch((error: Ended) => error);
  if (!ended.stderr.includes(INIT_RAN)) throw new Error(whyNot(init, ended));
}

interface Ended {
  stderr: string;
  code?: string | number | null;
  killed?: boolean;
}

function whyNot(init: string, { stderr, code, killed }: Ended): string {
  if (code === 'EACCES') return `${init} may not be run here (EACCES). ${ADVICE}`;
  if (killed === true) return `${init} did not end in time`;
  return `${init} ended with ${code ?? 0} and not in the way that it does outside of a sandbox (${stderr.trim()}). Rebuild the image daypass/sandbox on this machine.`;
}
