import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTool } from '../../src/warden/disks/run-tool.ts';

/**
 * A directory in memory from which no program may run, with no devices and no rights of files: as Debian and Ubuntu mount
 * /run. Takes root.
 */
export async function noExecDirectory(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'dpn-'));
  await runTool('mount', ['-t', 'tmpfs', '-o', 'nosuid,nodev,noexec,mode=0755', 'none', path]);
  return {
    path,
    async [Symbol.asyncDispose]() {
      await runTool('umount', [path]);
      await rm(path, { recursive: true });
    },
  };
}
