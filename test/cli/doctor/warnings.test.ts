import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { hostChecks } from '../../../src/cli/doctor/host-checks.ts';
import { kernelCheck } from '../../../src/cli/doctor/kernel-check.ts';
import { connectDocker } from '../../../src/runtime/docker/connect.ts';
import { directoryOnDisk } from '../../support/on-disk.ts';

describe('the doctor says with a tick what had better be otherwise', () => {
  let inMemory: string;
  beforeEach(async () => {
    inMemory = await mkdtemp('/dev/shm/dp-doctor-');
  });
  afterEach(async () => rm(inMemory, { recursive: true, force: true }));

  const saidOfRunDir = async (runDir: string): Promise<string> => {
    const options = { memoryDir: '', minterSocket: '', wardenSocket: '', docker: connectDocker(undefined) };
    const check = hostChecks({ ...options, runDir }).find(({ name }) => name === 'run directory');
    return (await check?.look()) ?? 'there is no such check';
  };

  it('a run directory on a disk, where unmasked host names lie', async () => {
    expect(await saidOfRunDir(inMemory)).toBe(inMemory);
    await mkdir(join(inMemory, 'decisions'));
    expect(await saidOfRunDir(inMemory)).toBe(inMemory);
    const onDisk = await directoryOnDisk();
    onTestFinished(() => rm(onDisk, { recursive: true, force: true }));
    expect(await saidOfRunDir(onDisk)).toMatch(/decisions is on a disk[^]*DAYPASS_RUN_DIR\.$/);
  });

  it('fewer inotify instances than the sandboxes may want', async () => {
    const file = join(inMemory, 'max_user_instances');
    await writeFile(file, '128\n');
    expect(await kernelCheck(4, file).look()).toBe('128 for all sandboxes together');
    expect(await kernelCheck(16, file).look()).toMatch(/ {2}! .*sysctl -w fs\.inotify\.max_user_instances=512$/);
  });
});
