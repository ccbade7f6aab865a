import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { connectDocker } from '../../src/runtime/docker/connect.ts';
import { mountOf, parseMounts } from '../../src/warden/disks/kernel-tables.ts';
import { isRoot } from '../support/as-root.ts';
import { noExecDirectory } from '../support/no-exec.ts';
import { startTestWarden } from '../support/warden.ts';
import { runInSandbox } from './support/run-in-sandbox.ts';

const docker = connectDocker(process.env['DOCKER_HOST']);
const RESTRICTED = ['nosuid', 'nodev', 'noexec'];
/** Prints that a program ran from the workspace, then what is mounted in the sandbox. */
const SCRIPT = 'printf "#!/bin/sh\\necho ran\\n" > x && chmod +x x && ./x && cat /proc/self/mountinfo';

/**
 * Of everything that a sandbox gets mounted read-only: where in the sandbox, and which of the options its source is mounted
 * with on the host. An engine may drop them for what it mounts, or keep them.
 */
async function restrictionsOf(name: string): Promise<Record<string, string[]>> {
  const { Mounts } = await docker.getContainer(name).inspect();
  const found = Mounts.filter(({ Type, Destination }) => Type === 'bind' && Destination !== '/workspace').map(
    async ({ Destination, Source }) => {
      const { options } = await mountOf(Source);
      return [Destination, RESTRICTED.filter((option) => options.includes(option))];
    },
  );
  return Object.fromEntries(await Promise.all(found));
}

describe.runIf(isRoot)('where the file systems of run directory, memory and disks let no program run', () => {
  it('a sandbox runs, and of what it gets mounted only that is from there which no program is run from', async () => {
    await using host = await noExecDirectory();
    await using memory = await noExecDirectory();
    await using disks = await noExecDirectory();
    await using warden = await startTestWarden({
      runDir: join(host.path, 'run'),
      memoryDir: join(memory.path, 'memory'),
      disks: { dir: join(disks.path, 'disks') },
    });
    let restrictions: Record<string, string[]> = {};
    const { exitCode, stdout } = await runInSandbox(warden, ['sh', '-c', SCRIPT], {
      look: async (name) => void (restrictions = await restrictionsOf(name)),
    });
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^ran\n/) });
    expect(restrictions).toEqual({
      '/opt/daypass': [],
      '/run/daypass': RESTRICTED,
      '/run/daypass-init': RESTRICTED,
      '/etc/hosts': RESTRICTED,
      '/etc/resolv.conf': RESTRICTED,
    });
    // The host does not see a workspace any more that a sandbox has; an engine changes nothing of what is mounted writable.
    const workspace = parseMounts(stdout).find(({ target }) => target === '/workspace')?.options ?? [];
    expect(RESTRICTED.filter((option) => workspace.includes(option))).toEqual(['nosuid', 'nodev']);
  });

  it('a warden whose tools would lie there does not start, and names path, mount, option and setting', async () => {
    await using host = await noExecDirectory();
    const toolsDir = join(host.path, 'tools');
    await expect(startTestWarden({ toolsDir })).rejects.toThrow(
      `${toolsDir} lies on ${host.path}, which is mounted with noexec, so no sandbox could run its init from there. ` +
        'Set DAYPASS_TOOLS_DIR to a directory on a file system that programs may run from.',
    );
  });
});
