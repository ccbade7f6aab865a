import { lstat, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandFailure } from '../failure.ts';

/** Sockets lie some way below it, and a Unix socket's path has at most 107 bytes (unix(7)). */
const MAX_LENGTH = 60;

/** Where sockets lie unless a setting says otherwise: a place that is empty after a boot. */
export function defaultRunDir(options: { installation: string; uid: number; runtimeDir: string | undefined }): string {
  if (options.uid === 0) return join('/run/daypass', options.installation);
  const own = join(options.runtimeDir ?? '', 'daypass', options.installation);
  if (options.runtimeDir?.startsWith('/') === true && own.length <= MAX_LENGTH) return own;
  return join('/tmp', `daypass-${options.uid}`, options.installation);
}

/** Makes it; throws when somebody else made it before us, as anybody can in /tmp. */
export async function makeRunDir(runDir: string): Promise<void> {
  await mkdir(runDir, { recursive: true, mode: 0o711 });
  const { uid } = await lstat(runDir);
  if (uid !== process.getuid?.()) {
    throw new CommandFailure(`${runDir} belongs to another user. Remove it, or name another DAYPASS_RUN_DIR.`);
  }
}

/** Removes what is in it, and it. Nothing being there is fine. */
export async function clearRunDir(runDir: string): Promise<void> {
  await rm(runDir, { recursive: true, force: true });
}
