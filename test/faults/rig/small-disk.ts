import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A disk of its own that can be full. Needs root. */
export interface SmallDisk extends AsyncDisposable {
  readonly dir: string;
  fill(): Promise<void>;
  empty(): Promise<void>;
}

const SIZE_KB = 256;

export async function mountSmallDisk(): Promise<SmallDisk> {
  const dir = await mkdtemp(join(tmpdir(), 'dp-disk-'));
  await run('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_KB}k,mode=0700`, 'daypass-test', dir]);
  const ballast = join(dir, 'ballast');
  return {
    dir,
    async fill() {
      // What fits of it stays in the file.
      await writeFile(ballast, Buffer.alloc(2 * SIZE_KB * 1024)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOSPC') throw error;
      });
    },
    empty: () => rm(ballast, { force: true }),
    async [Symbol.asyncDispose]() {
      await run('umount', [dir]);
      await rm(dir, { recursive: true });
    },
  };
}

async function run(program: string, args: string[]): Promise<void> {
  const [code] = (await once(spawn(program, args, { stdio: 'inherit' }), 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}`);
}
