import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** All of them take milliseconds; one that hangs on a broken disk must not hold up the others for ever. */
const TIMEOUT_MS = 30_000;
/** Debian keeps them where only root's shells look. */
const PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

/** Runs a program of the system to its end; gives its standard output. Throws with what it said, or that it is missing. */
export async function runTool(program: string, args: string[]): Promise<string> {
  try {
    const { stdout } = await execute(program, args, { timeout: TIMEOUT_MS, env: { PATH, LC_ALL: 'C' } });
    return stdout;
  } catch (error) {
    throw new Error(complaint(program, error as NodeJS.ErrnoException & { stderr?: string }), { cause: error });
  }
}

function complaint(
  program: string,
  { code, stderr = '', message }: NodeJS.ErrnoException & { stderr?: string },
): string {
  if (code === 'ENOENT') return `there is no ${program} on this machine`;
  return `${program}: ${stderr.trim().replaceAll(/\s*\n\s*/g, '; ') || message}`;
}
