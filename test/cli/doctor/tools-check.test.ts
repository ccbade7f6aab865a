import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { perform } from '../../../src/cli/doctor/check.ts';
import { doctor } from '../../../src/cli/doctor/doctor.ts';
import { toolsCheck } from '../../../src/cli/doctor/tools-check.ts';
import { createEngineApi } from '../../../src/runtime/docker/engine-api.ts';
import { isRoot } from '../../support/as-root.ts';
import { noExecDirectory } from '../../support/no-exec.ts';
import { startTestWarden } from '../../support/warden.ts';
import { quietProgress } from '../support/quiet-progress.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'dp-doctor-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

test('the tools that the warden uses are run once', async () => {
  await using warden = await startTestWarden();
  const check = toolsCheck('/nonexistent', warden.api);
  expect(await perform(check)).toEqual({ lines: [`✓ tools directory: ${warden.host.toolsDir}`], holds: true });
});

test('tools that do not run are a fault, also where no warden answers', async () => {
  const nobody = createEngineApi({ socketPath: join(dir, 'nobody.sock') });
  const toolsDir = join(dir, 'tools');
  await expect(toolsCheck(toolsDir, nobody).look()).resolves.toBe(`${toolsDir}, which the warden is to make`);
  const init = join(toolsDir, '0'.repeat(64), 'bin', 'init');
  await mkdir(join(init, '..'), { recursive: true });
  await writeFile(init, '', { mode: 0o644 });
  const { lines, holds } = await perform(toolsCheck(toolsDir, nobody));
  expect(lines[0]).toContain(`✗ tools directory: ${init} may not be run here (EACCES)`);
  expect(holds).toBe(false);
});

test.runIf(isRoot)(
  'on a machine where nothing runs it names path, mount, option and setting of a place where no program may run',
  async () => {
    await using host = await noExecDirectory();
    const progress = quietProgress();
    const toolsDir = join(host.path, 'below', 'tools');
    const listen = { DAYPASS_API_LISTEN: '127.0.0.1:0', DAYPASS_GIT_HOST_LISTEN: '127.0.0.1:0' };
    const env = { ...listen, DAYPASS_DATA_DIR: '/nonexistent', DAYPASS_TOOLS_DIR: toolsDir };
    expect(await doctor({ env, root: '/', progress })).toBe(1);
    expect(progress.lines.filter((line) => line.startsWith('✗ tools directory'))).toEqual([
      `✗ tools directory: ${toolsDir} lies on ${host.path}, which is mounted with noexec, so no sandbox could run its init from ` +
        'there. Set DAYPASS_TOOLS_DIR to a directory on a file system that programs may run from.',
    ]);
    expect(progress.lines).toContain('  Set DAYPASS_TOOLS_DIR to such a directory for the warden, and start it again.');
  },
);
