import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, open, readdir, readFile, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/ops/log.ts';
import type { WorkspaceDisks } from '../../../src/warden/disks/workspace-disks.ts';
import { chooseWay } from '../../../src/warden/disks/choose-way.ts';
import { clearUnmounted } from '../../../src/warden/disks/clear-unmounted.ts';
import { createDisks } from '../../../src/warden/disks/disks.ts';
import { openDisks } from '../../../src/warden/disks/open-disks.ts';
import { readLoopDevices, readMounts } from '../../../src/warden/disks/kernel-tables.ts';
import { aSandboxId, halfMade, isThere, makeDisk, workspaceDisksContract } from '../../contracts/workspace-disks.ts';

const execute = promisify(execFile);
const MB = 1024 * 1024;
const log = createLogger('warden', 'silent');

describe('disks on loop devices', () => {
  let dir: string;
  let disks: WorkspaceDisks;

  beforeAll(async () => {
    dir = join(await mkdtemp(join(tmpdir(), 'daypass-disks-')), 'disks');
    disks = await openDisks({ dir, wanted: 'ext4', reserveMb: 1, overcommit: 1 }, log);
  });
  afterAll(async () => {
    for (const id of await disks.list()) await disks.remove(id);
    await rm(join(dir, '..'), { recursive: true });
  });

  async function made(sizeMb: number): Promise<{ id: string; source: string; image: string }> {
    const id = aSandboxId();
    const workspace = await makeDisk(disks, id, sizeMb);
    if (workspace.kind !== 'disk') throw new Error('it is no disk');
    return { id, source: workspace.source, image: join(dir, id, 'image') };
  }
  const devicesOf = async (image: string) => (await readLoopDevices()).filter(({ file }) => file === image);
  const isMounted = async (target: string) => (await readMounts()).some((mount) => mount.target === target);

  workspaceDisksContract('disks in this process', () => disks);

  it('are what this machine can make', async () => {
    expect(await chooseWay('auto', dir)).toEqual({ way: 'ext4' });
    expect(await readdir(dir)).toEqual([]);
  });

  it('are empty, of the agent’s user, and mounted so that no file in them gives rights or is a device', async () => {
    const { id, source } = await made(16);
    expect(await readdir(source)).toEqual([]);
    const { uid, gid, mode } = await stat(source);
    expect({ uid, gid, mode: mode & 0o777 }).toEqual({ uid: 1000, gid: 1000, mode: 0o755 });
    const table = await readFile('/proc/self/mountinfo', 'utf8');
    expect(table.split('\n').find((line) => line.includes(` ${source} `))).toMatch(/ rw,nosuid,nodev,noatime .* ext4 /);
    await disks.remove(id);
  });

  it('lie in files that nobody but root can read, and that take no room before they are written to', async () => {
    const { id, image } = await made(2048);
    const { size, blocks, mode } = await stat(image);
    expect(size).toBe(2048 * MB);
    expect(blocks * 512).toBeLessThan(MB);
    expect(mode & 0o777).toBe(0o600);
    expect((await stat(join(dir, id))).mode & 0o777).toBe(0o700);
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
    await disks.remove(id);
  });

  it('take what was asked for and not a byte more, and the host’s file with them', async () => {
    const { id, source, image } = await made(32);
    await expect(execute('dd', ['if=/dev/zero', `of=${join(source, 'full')}`, 'bs=1M'])).rejects.toThrow(
      /No space left/,
    );
    // ext4 gives a large write what it has as a whole or not at all, so less than one of them may be left.
    const { bavail, bsize } = await statfs(source);
    expect(bavail * bsize).toBeLessThan(MB);
    expect((await stat(join(source, 'full'))).size).toBeGreaterThan(28 * MB);
    expect((await stat(image)).blocks * 512).toBeLessThanOrEqual(32 * MB);
    await disks.remove(id);
  });

  it('hold a file for every 8 KiB, which a tree of small files does not reach', async () => {
    const { id, source } = await made(64);
    expect((await statfs(source)).files).toBe((64 * MB) / 8192);
    await disks.remove(id);
  });

  it('are in memory once: the host keeps no second copy of what is written', async () => {
    const { id, image } = await made(16);
    const [device] = await devicesOf(image);
    const state = await readFile(`/sys/block/${device?.device.slice('/dev/'.length)}/loop/dio`, 'utf8');
    expect(state.trim()).toBe('1');
    await disks.remove(id);
  });

  it('live on, out of the host’s sight, for as long as a container has them', async () => {
    const { id, source, image } = await made(16);
    const script = `mkdir ${join(dir, 'seen')}; mount --bind ${source} ${join(dir, 'seen')}; echo ready; read -r _; ls ${join(dir, 'seen')}`;
    const container = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script]);
    await once(container.stdout, 'data');
    await disks.handOver(id);
    expect(await isMounted(source)).toBe(false);
    expect(await devicesOf(image)).toHaveLength(1);
    await clearUnmounted(disks, { dir, log });
    expect(await disks.list()).toContain(id);
    container.stdin.end('\n');
    await once(container, 'close');
    await disks.remove(id);
    expect(await devicesOf(image)).toEqual([]);
    await rm(join(dir, 'seen'), { recursive: true });
  });

  it('leave no mount, no loop device and no file behind', async () => {
    const { id, source, image } = await made(16);
    await disks.remove(id);
    expect(await isMounted(source)).toBe(false);
    expect(await devicesOf(image)).toEqual([]);
    expect(await isThere(join(dir, id))).toBe(false);
  });

  it('stay, and can be removed later, when something still uses them', async () => {
    const { id, source, image } = await made(16);
    const held = await open(join(source, 'held'), 'w');
    await expect(disks.remove(id)).rejects.toThrow(/could not be removed.*busy/);
    expect(await disks.list()).toContain(id);
    expect(await isThere(image)).toBe(true);
    await held.close();
    await disks.remove(id);
    expect(await disks.list()).not.toContain(id);
  });

  it('are made over what one that died had begun', async () => {
    const id = aSandboxId();
    await halfMade(dir, id);
    expect(await makeDisk(disks, id, 16)).toEqual({ kind: 'disk', source: join(dir, id, 'workspace') });
    await disks.remove(id);
  });

  it('let go of a loop device that was attached and never mounted', async () => {
    const { id, source, image } = await made(16);
    await execute('umount', [source]);
    await execute('losetup', ['--find', image]);
    expect(await devicesOf(image)).toHaveLength(1);
    await disks.remove(id);
    expect(await devicesOf(image)).toEqual([]);
  });

  it('are known by their loop device when only that is left', async () => {
    const { id, source, image } = await made(16);
    await rm(image);
    expect(await disks.list()).toContain(id);
    await disks.remove(id);
    expect(await isMounted(source)).toBe(false);
    expect(await disks.list()).not.toContain(id);
  });

  it('are cleared at a start where they are not mounted, and left alone where they are', async () => {
    const { id, source } = await made(16);
    const left = aSandboxId();
    await halfMade(dir, left);
    await clearUnmounted(disks, { dir, log });
    expect(await disks.list()).toEqual([id]);
    expect(await isMounted(source)).toBe(true);
    await disks.remove(id);
  });

  it('are known to the next warden after the one that made them is gone, with its view of the mounts', async () => {
    const id = aSandboxId();
    await halfMade(dir, id);
    const image = join(dir, id, 'image');
    // As in a container that has the directory mounted: what was opened there has no place in any view once it has ended.
    const attach = `mount --bind ${dir} ${dir}; losetup --find --show ${image}`;
    const { stdout: device } = await execute('unshare', ['--mount', 'sh', '-c', attach]);
    await clearUnmounted(disks, { dir, log });
    expect(await isThere(image)).toBe(true);
    await disks.remove(id);
    expect((await readLoopDevices()).map((found) => found.device)).not.toContain(device.trim());
  });

  it('are refused with the figures when the host could not hold them', async () => {
    const { bavail, bsize } = await statfs(dir);
    const tooMuch = Math.ceil((bavail * bsize) / MB);
    await expect(disks.promise(aSandboxId(), tooMuch)).rejects.toMatchObject({ code: 'host_disk_full' });
    expect(await disks.list()).toEqual([]);
  });

  it('that could not be made after all say why before a container starts with them, and leave nothing', async () => {
    const id = aSandboxId();
    await disks.promise(id, 0);
    await expect(disks.whenMade(id)).rejects.toThrow(/disk could not be made: mke2fs.*/s);
    expect(await disks.list()).not.toContain(id);
    await disks.remove(id);
    expect(await disks.isPromised(id)).toBe(false);
  });

  it('that nobody asked for are missed before a container starts with them', async () => {
    await expect(disks.whenMade(aSandboxId())).rejects.toThrow(/has no disk; ask for it first/);
  });

  it('take no writes of the sandbox’s user where nothing is mounted', async () => {
    const { id, source } = await made(16);
    await execute('umount', [source]);
    const { uid, mode } = await stat(source);
    expect({ uid, mode: mode & 0o777 }).toEqual({ uid: 0, mode: 0o700 });
    await disks.remove(id);
  });
});

describe('where no disk can be made', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'daypass-no-disks-'));
  });
  afterAll(() => rm(dir, { recursive: true }));

  const tmpfs = createDisks({
    dir: '/nonexistent',
    way: { way: 'tmpfs', because: 'of a test' },
    reserveMb: 1,
    overcommit: 1,
  });
  workspaceDisksContract('a tmpfs', () => tmpfs);

  it('workspaces are a tmpfs, and the reason is said', async () => {
    await writeFile(join(dir, 'file'), '');
    expect(await chooseWay('auto', join(dir, 'file'))).toEqual({
      way: 'tmpfs',
      because: expect.stringMatching(/ENOTDIR/),
    });
  });

  it('nothing starts when disks are asked for', async () => {
    await expect(chooseWay('ext4', join(dir, 'missing'))).rejects.toThrow(/DAYPASS_DISK_WAY is ext4.*ENOENT/);
  });

  it('a tmpfs that is asked for is taken without a try', async () => {
    expect(await chooseWay('tmpfs', join(dir, 'missing'))).toMatchObject({ way: 'tmpfs' });
  });

  it('a warden that is not root says that it is not', async () => {
    await chown(dir, 1000, 1000);
    const program = `import { chooseWay } from ${JSON.stringify(import.meta.resolve('../../../src/warden/disks/choose-way.ts'))};
      process.setuid(1000); console.log(JSON.stringify(await chooseWay('auto', ${JSON.stringify(dir)})));`;
    const { stdout } = await execute(process.execPath, ['--input-type=module', '-e', program]);
    expect(JSON.parse(stdout)).toEqual({ way: 'tmpfs', because: expect.stringContaining('not run as root') });
  });
});
