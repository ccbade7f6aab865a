import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectDocker } from '../../../src/runtime/docker/connect.ts';
import { defaultMemoryDir } from '../../../src/runtime/memory-dir.ts';
import { eventually } from '../../support/eventually.ts';
import { isRunning } from '../support/fake-role.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';

const ROOT = join(import.meta.dirname, '../../..');
const startFile = z.object({
  apiUrl: z.url(),
  apiKey: z.string(),
  gitHostUrl: z.url(),
  gitHostApiKey: z.string(),
  pid: z.int(),
});
const rolesFile = z.record(z.string(), z.object({ pid: z.int() }));

describe('npm start', () => {
  let dir: TemporaryDirectory;
  const children: ChildProcess[] = [];

  const read = <T>(file: string, schema: z.ZodType<T>): T =>
    schema.parse(JSON.parse(readFileSync(join(dir.path, file), 'utf8')));
  const rolePid = (role: string): number => read('roles.json', rolesFile)[role]?.pid ?? 0;
  const run = (program: string, ...args: string[]) => {
    const env = {
      PATH: process.env['PATH'],
      HOME: dir.path,
      DOCKER_HOST: process.env['DOCKER_HOST'],
      DAYPASS_DATA_DIR: dir.path,
      DAYPASS_RUN_DIR: join(dir.path, 'run'),
      DAYPASS_API_LISTEN: '127.0.0.1:0',
      DAYPASS_GIT_HOST_LISTEN: '127.0.0.1:0',
    };
    const child = spawn(process.execPath, [join(ROOT, program), ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    let said = '';
    child.stdout.on('data', (part) => (said += part));
    child.stderr.on('data', (part) => (said += part));
    return { child, said: () => said, exited: once(child, 'close') as Promise<[number | null]> };
  };
  const start = async () => {
    const running = run('src/cli/up/bootstrap.mjs', 'start');
    // What it has said may come later than the file that it has written.
    const isUp = () => existsSync(join(dir.path, 'start.json')) && running.said().includes('✓ sample done');
    await eventually(() => isUp() || running.child.exitCode !== null, Boolean, { timeoutMs: 50_000 });
    expect(running.said()).toContain('✓ sample done');
    return { ...running, ...read('start.json', startFile) };
  };
  const startLongSession = async ({ apiUrl, apiKey, said }: Awaited<ReturnType<typeof start>>): Promise<void> => {
    const repoId = /"id":"([0-9a-f-]+)"/.exec(said())?.[1];
    const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ repos: [{ id: repoId }], command: ['sleep', '600'] });
    const { id } = z
      .object({ id: z.string() })
      .parse(await (await fetch(`${apiUrl}/v1/sessions`, { method: 'POST', headers, body })).json());
    const status = async () =>
      z.object({ status: z.string() }).parse(await (await fetch(`${apiUrl}/v1/sessions/${id}`, { headers })).json())
        .status;
    await eventually(status, (now) => now === 'running', { timeoutMs: 20_000 });
  };
  const installation = () => read('secrets.json', z.object({ installation: z.string() })).installation;
  const containers = async () =>
    connectDocker(process.env['DOCKER_HOST']).listContainers({
      all: true,
      filters: { label: [`daypass.installation=${installation()}`] },
    });

  beforeAll(async () => {
    dir = await temporaryDirectory();
  });
  afterAll(async () => {
    // What a failed test has left running is ended by the same means as everywhere.
    await run('src/cli/daypass.mjs', 'down').exited;
    for (const child of children) child.kill('SIGKILL');
    await dir[Symbol.asyncDispose]();
  });

  test('shows the sample push a branch and its token refused, then starts whatever dies again, and Ctrl-C leaves nothing', async () => {
    const running = await start();
    expect(running.said()).toMatch(/pushed agent\/ses_[^]*AGENT-NOTE\.md \| 1 \+[^]*seen refused/);
    expect(running.said()).toContain(`Dashboard  ${running.apiUrl}/`);

    const second = run('src/cli/up/bootstrap.mjs', 'start');
    expect((await second.exited)[0]).toBe(1);
    expect(second.said()).toContain(`already runs on ${dir.path} (process ${running.pid})`);

    await startLongSession(running);
    const before = rolePid('worker');
    process.kill(before, 'SIGKILL');
    await eventually(
      () => rolePid('worker'),
      (pid) => pid !== before,
    );

    const pids = Object.values(read('roles.json', rolesFile)).map(({ pid }) => pid);
    running.child.kill('SIGINT');
    running.child.kill('SIGINT');
    expect((await running.exited)[0]).toBe(0);
    expect(pids.filter(isRunning)).toEqual([]);
    expect(await containers()).toEqual([]);
    expect(await readdir(join(dir.path, 'spool'))).toEqual([]);
    expect(existsSync(defaultMemoryDir(installation()))).toBe(false);
    for (const name of ['disks', 'pushes']) expect(await readdir(join(dir.path, name))).toEqual([]);
    expect((await readdir(dir.path)).toSorted()).toEqual([
      'disks',
      'git-host',
      'logs',
      'pushes',
      'receipt-key.pem',
      'redis',
      'seal-keys',
      'secrets.json',
      'session-logs',
      'spool',
      'tools',
    ]);
  });

  test('after it was killed itself, "daypass down" ends what it left', async () => {
    const running = await start();
    await startLongSession(running);
    const pids = Object.values(read('roles.json', rolesFile)).map(({ pid }) => pid);
    process.kill(running.pid, 'SIGKILL');
    await running.exited;
    expect(await containers()).toHaveLength(1);

    const down = run('src/cli/daypass.mjs', 'down');
    expect((await down.exited)[0]).toBe(0);
    expect(down.said()).toMatch(/Ended what a killed start had left: .*redis.*container sbx_/);
    expect(pids.filter(isRunning)).toEqual([]);
    expect(await containers()).toEqual([]);
    expect(existsSync(defaultMemoryDir(installation()))).toBe(false);
    expect(existsSync(join(dir.path, 'start.json'))).toBe(false);
  });

  test('with --exit it ends after the sample, having deleted the token that a killed start had left', async () => {
    const { child, said, exited } = run('src/cli/up/bootstrap.mjs', 'start', '--exit');
    await exited;
    expect({ exitCode: child.exitCode, said: said() }).toMatchObject({ exitCode: 0 });
    expect(said()).not.toContain('is started again');
    expect(await readdir(join(dir.path, 'spool'))).toEqual([]);
    expect(existsSync(join(dir.path, 'run'))).toBe(false);
  });
});
