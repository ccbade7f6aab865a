import type { Accelerator } from './guest/qemu.ts';

const MAX_REPEATS = 3;
/** How V8 ends where the emulated CPU makes it err, in our words and in systemd's; never seen on a real CPU. */
const CRASH = /\bSIG(TRAP|SEGV)\b|\bstatus=\d+\/(TRAP|SEGV)\b/;

/**
 * Runs a check. In an emulated guest, a check that a crash of Node ends is repeated at most three times, and `say` is told
 * each time. Any other error, and any on a real CPU, is the check's.
 */
export async function withRepeats(
  accelerator: Accelerator,
  check: () => Promise<void>,
  say: (line: string) => void,
): Promise<void> {
  for (let repeat = 1; ; repeat++) {
    try {
      return await check();
    } catch (error) {
      const crash = CRASH.exec(error instanceof Error ? error.message : '')?.[0];
      if (accelerator !== 'emulation' || crash === undefined || repeat > MAX_REPEATS) throw error;
      say(`  a process of the emulated guest ended by ${crash}: the check is repeated (${repeat} of ${MAX_REPEATS})`);
    }
  }
}
