import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { WardenRefusal } from '../refusal.ts';

const END_MS = 5_000;
const LOOK_EVERY_MS = 20;

/**
 * Kills what runs in a sandbox whose container the engine does not know any more. An engine that is killed while it starts a
 * container leaves behind the process that was to become its first one, with all the mounts of the sandbox, and nobody
 * else will ever end it. Throws when one is still there after 5 s. Without a right to look at other users' processes it
 * ends none.
 */
export async function endProcesses(sandboxId: string): Promise<void> {
  const until = Date.now() + END_MS;
  for (;;) {
    const found = await processesOf(sandboxId);
    if (found.length === 0) return;
    if (Date.now() > until) throw new WardenRefusal(500, `Process ${found[0]} of the sandbox cannot be killed`);
    for (const pid of found) kill(pid);
    await sleep(LOOK_EVERY_MS);
  }
}

/** Those that have a directory of the sandbox mounted. Only a sandbox has; the host sees them where they lie. */
export async function processesOf(sandboxId: string): Promise<number[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = names.map(async (pid) => {
    const table = await readFile(`/proc/${pid}/mountinfo`, 'utf8').catch(() => '');
    return table.split('\n').some((line) => isRootOf(line, sandboxId)) ? [Number(pid)] : [];
  });
  return (await Promise.all(found)).flat();
}

/** The fourth field is what of the file system is mounted; proc(5). */
function isRootOf(line: string, sandboxId: string): boolean {
  return line.split(' ', 4)[3]?.endsWith(`/${sandboxId}`) ?? false;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
