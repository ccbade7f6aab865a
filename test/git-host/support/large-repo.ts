import { randomBytes } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import type { GitClient } from './git-client.ts';

const FILES = 8;
const CHUNK_BYTES = 1024 ** 2;

/** A repo of one commit on main with random files, which nothing makes smaller. It is made without compressing them. */
export async function makeLargeRepo(client: GitClient, name: string, megabytes: number): Promise<void> {
  await client.git(['init', '--quiet', '--initial-branch=main', name]);
  for (let index = 0; index < megabytes; index += 1) {
    await appendFile(client.path(name, `file-${index % FILES}.bin`), randomBytes(CHUNK_BYTES));
  }
  for (const [setting, value] of Object.entries({ 'core.compression': '0', 'core.bigFileThreshold': '1m' })) {
    await client.git(['config', setting, value], { cwd: name });
  }
  await client.git(['add', '.'], { cwd: name });
  await client.git(['commit', '--quiet', '--message', 'Large files'], { cwd: name });
}
