import { identify } from '../../../src/cli/up/installation/process-identity.ts';
import type { Role } from '../../../src/cli/up/supervisor/role.ts';

/** A role whose program is a few lines of JavaScript. It is ready when it prints a line with `ready`. */
export function fakeRole(name: string, program: string, changes: Partial<Role> = {}): Role {
  return {
    name,
    program: process.execPath,
    args: ['-e', program],
    env: { PATH: process.env['PATH'] ?? '' },
    cwd: '/',
    readyLine: /ready/,
    endTimeoutMs: 5_000,
    ...changes,
  };
}

/** Ready at once, runs until it is asked to end. */
export const STAYS = "console.log('ready'); setInterval(() => {}, 1000)";
/** Ready at once, and deaf to SIGTERM. */
export const STUBBORN = "process.on('SIGTERM', () => {}); console.log('ready'); setInterval(() => {}, 1000)";

/** A process that has ended and that nobody has collected does not run. */
export function isRunning(pid: number): boolean {
  return identify(pid) !== null;
}
