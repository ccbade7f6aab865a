import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createDockerRuntime } from '../../src/runtime/docker/docker-runtime.ts';
import { directoryOnDisk } from '../support/on-disk.ts';
import { startTestWarden } from '../support/warden.ts';
import { runInSandbox } from './support/run-in-sandbox.ts';
import { aSandbox } from './support/sandbox-spec.ts';

/** A group that nobody on a machine has, and users in and out of it. */
const GROUP = 64_242;
const WORKER = { uid: 64_243, gid: GROUP };
const STRANGER = { uid: 64_244, gid: 64_244 };
const AGENT = { uid: 1000, gid: 1000 };

/** Runs a line of shell as somebody; its output, with what failed. */
async function as(who: { uid: number; gid: number }, script: string): Promise<string> {
  const child = spawn('sh', ['-c', `(${script}) 2>&1`], { ...who, stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = await Promise.all([text(child.stdout), once(child, 'close')]);
  return said;
}

describe('what a sandbox has on its host', () => {
  it('can be made, used and removed by a worker of another user, who can change none of it', async () => {
    await using warden = await startTestWarden({ gid: GROUP });
    const { memoryDir, runDir, toolsDir } = warden.host;
    await chmod(dirname(runDir), 0o711);
    const runtime = createDockerRuntime({ warden: warden.api, installation: warden.installation, host: warden.host });
    const spec = aSandbox(warden.host);
    const { sandboxId } = spec;
    const dir = join(memoryDir, sandboxId);

    await runtime.create(spec);
    expect(
      await as(WORKER, `touch ${dir}/reports; ls ${dir}; mv ${dir} ${memoryDir}/x; ln -s / ${memoryDir}/y`),
    ).toMatch(/(.*Permission denied\n){4}/);
    await runtime.start(sandboxId);
    expect(await as(WORKER, `ls ${dir}; head -c 1 ${dir}/reports`)).toBe('orders.sock\nreports\nR');
    expect(await as(WORKER, `rm -f ${dir}/reports; touch ${dir}/x; chmod 777 ${dir}; rmdir ${dir}`)).toMatch(
      /Permission denied[\s\S]*Permission denied[\s\S]*not permitted/,
    );
    for (const who of [STRANGER, AGENT]) {
      expect(await as(who, `ls ${memoryDir}; ls ${dir}; cat ${dir}/reports`)).toMatch(/(.*Permission denied\n){3}/);
    }
    expect(
      await as(WORKER, `mv ${runDir}/gateways/${sandboxId} ${runDir}/x; touch ${toolsDir}/x ${dirname(toolsDir)}/x`),
    ).toMatch(/(.*Permission denied\n){3}/);
    await runtime.remove(sandboxId);
    expect(await readdir(memoryDir)).toEqual([]);
    expect(await readdir(join(runDir, 'gateways'))).toEqual([]);
  });

  it('has no file of the agents’ number once it runs, such as systemd removes from /dev/shm', async () => {
    await using warden = await startTestWarden();
    const runtime = createDockerRuntime({ warden: warden.api, installation: warden.installation, host: warden.host });
    const spec = aSandbox(warden.host);
    const dir = join(warden.host.memoryDir, spec.sandboxId);
    await runtime.create(spec);
    await runtime.start(spec.sandboxId);
    const owners = (await readdir(dir)).map(async (name) => [name, (await lstat(join(dir, name))).uid]);
    expect(Object.fromEntries(await Promise.all(owners))).toEqual({ 'orders.sock': 0, reports: 0 });
    await runtime.remove(spec.sandboxId);
  });

  it('is not held by a process that an engine has left behind while it started the container', async () => {
    await using warden = await startTestWarden();
    const runtime = createDockerRuntime({ warden: warden.api, installation: warden.installation, host: warden.host });
    const spec = aSandbox(warden.host);
    const { sandboxId } = spec;
    await runtime.create(spec);
    const mounts = () => readFile('/proc/self/mountinfo', 'utf8');
    await vi.waitFor(async () => expect(await mounts()).toContain(`/disks/${sandboxId}/workspace `));
    const script = `mount --bind ${join(warden.host.memoryDir, sandboxId)} /mnt; echo ready; exec sleep 1000`;
    const left = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script]);
    await once(left.stdout, 'data');
    const ended = once(left, 'exit');
    await runtime.remove(sandboxId);
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect(await runtime.list()).toEqual([]);
  });

  it('is removed without a step into what somebody else has put there', async () => {
    await using warden = await startTestWarden();
    const runtime = createDockerRuntime({ warden: warden.api, installation: warden.installation, host: warden.host });
    const spec = aSandbox(warden.host);
    await runtime.create(spec);
    // Until its init is up, the directory is the agents' user's, which a worker may run as, too.
    const dir = join(warden.host.memoryDir, spec.sandboxId);
    await mkdir(join(dir, 'of-another'));
    await writeFile(join(dir, 'of-another', 'kept'), '');
    await symlink('of-another', join(dir, 'a-link'));
    await expect(runtime.remove(spec.sandboxId)).rejects.toMatchObject({ code: 'sandbox_failed' });
    expect(await readdir(join(dir, 'of-another'))).toEqual(['kept']);
    await rm(join(dir, 'of-another', 'kept'));
    await runtime.remove(spec.sandboxId);
    expect(await readdir(warden.host.memoryDir)).toEqual([]);
  });

  it('is asked for by the group alone', async () => {
    await using warden = await startTestWarden({ gid: GROUP });
    await chmod(dirname(warden.host.runDir), 0o711);
    // By a program that every user of a machine may run, as not all may enter where this checkout lies.
    const ask = `/usr/bin/python3 -c '
import errno, socket
try:
    socket.socket(socket.AF_UNIX).connect("${warden.socket}")
    print("in")
except OSError as error:
    print(errno.errorcode[error.errno])'`;
    expect(await as(WORKER, ask)).toBe('in\n');
    expect(await as(STRANGER, ask)).toBe('EACCES\n');
    expect(await as(AGENT, ask)).toBe('EACCES\n');
  });

  it('is gone where a container was removed behind the warden’s back', async () => {
    await using warden = await startTestWarden();
    await runInSandbox(warden, ['true']);
    await mkdir(join(warden.host.memoryDir, 'sbx_left'));
    const runtime = createDockerRuntime({ warden: warden.api, installation: warden.installation, host: warden.host });
    expect((await runtime.list()).map(({ sandboxId }) => sandboxId)).toEqual(['sbx_left']);
    await runtime.remove('sbx_left');
    expect(await runtime.list()).toEqual([]);
  });
});

describe('a warden does not start', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'dpw-bad-'));
  });
  afterEach(async () => rm(dir, { recursive: true, force: true }));

  it('on a run directory that others may write to', async () => {
    await chmod(dir, 0o777);
    await expect(startTestWarden({ runDir: dir })).rejects.toThrow('can be written to by others');
  });

  it('with tools where others may write', async () => {
    await chmod(dir, 0o777);
    await expect(startTestWarden({ toolsDir: dir })).rejects.toThrow('can be written to by others');
  });

  it('on directories that lead elsewhere', async () => {
    await mkdir(join(dir, 'elsewhere'));
    await symlink(join(dir, 'elsewhere'), join(dir, 'names'));
    await expect(startTestWarden({ runDir: dir })).rejects.toThrow('no directory');
  });

  it('with its memory on a disk', async () => {
    const disk = await directoryOnDisk();
    onTestFinished(() => rm(disk, { recursive: true, force: true }));
    await expect(startTestWarden({ memoryDir: join(disk, 'memory') })).rejects.toThrow('is on a disk');
  });

  it('for a runtime that its engine does not know, and says which it knows', async () => {
    await expect(startTestWarden({ runtime: 'nobodys-runtime' })).rejects.toThrow(
      /DAYPASS_SANDBOX_RUNTIME is nobodys-runtime.*runc/,
    );
  });

  it('where no engine answers', async () => {
    await expect(startTestWarden({ dockerHost: 'unix:///nonexistent/docker.sock' })).rejects.toThrow('ENOENT');
  });

  it('and leaves no socket behind then', async () => {
    await expect(startTestWarden({ runDir: dir, runtime: 'x' })).rejects.toThrow();
    await expect(stat(join(dir, 'warden', 'engine.sock'))).rejects.toThrow('ENOENT');
  });
});
