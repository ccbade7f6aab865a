import { lastLines } from '../../../src/cli/up/run-program.ts';
import type { Guest } from '../guest/guest.ts';
import { CHECKOUT } from '../guest/make-disk.ts';

const TIMEOUT_MS = 15 * 60_000;

/** Runs a command in the guest's checkout to a good end, and gives all that it said. Throws with its last lines otherwise. */
export async function inGuest(guest: Guest, command: string): Promise<string> {
  const { code, output } = await guest.run(`cd ${CHECKOUT} && ${command}`, TIMEOUT_MS);
  if (code === 0) return output;
  throw new Error(`In the guest, "${command}" ended with ${code ?? 'its time over'}:\n${lastLines(output, 40)}`);
}

/** Throws when the engine of the guest has a container. */
export async function expectNoContainer(guest: Guest): Promise<void> {
  const left = (await inGuest(guest, "docker ps --all --format '{{.Names}} {{.Status}}'")).trim();
  if (left !== '') throw new Error(`These containers are left in the guest:\n${left}`);
}
