import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startRoles, type Supervisor } from '../../../../src/cli/up/supervisor/supervisor.ts';
import type { Role } from '../../../../src/cli/up/supervisor/role.ts';
import { eventually } from '../../../support/eventually.ts';
import { fakeRole, isRunning, STAYS, STUBBORN } from '../../support/fake-role.ts';
import { quietProgress } from '../../support/quiet-progress.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

async function supervise(cleanup: AsyncDisposableStack, roles: Role[], signal = new AbortController().signal) {
  const dir = cleanup.use(await temporaryDirectory());
  const progress = quietProgress();
  const pids: [string, number][] = [];
  const started = startRoles(roles, {
    progress,
    logsDir: dir.path,
    onStart: (role, pid) => void pids.push([role, pid]),
    signal,
  });
  cleanup.defer(() => {
    for (const [, pid] of pids) if (isRunning(pid)) process.kill(-pid, 'SIGKILL');
  });
  const pidOf = (role: string): number => pids.findLast(([name]) => name === role)?.[1] ?? 0;
  return { dir: dir.path, progress, pids, pidOf, started };
}

async function end(supervisor: Supervisor, ...order: string[]): Promise<string[]> {
  return supervisor.end(order);
}

test('roles start one after another, each when the one before is ready, and end in the order asked for', async () => {
  await using cleanup = new AsyncDisposableStack();
  const late = "setTimeout(() => console.log('ready'), 300); setInterval(() => {}, 1000)";
  const told = (name: string): string =>
    `process.on('SIGTERM', () => { console.log('${name} ends'); process.exit() }); ${STAYS}`;
  const { pids, started, dir } = await supervise(cleanup, [fakeRole('a', late), fakeRole('b', told('b'))]);
  const supervisor = await started;
  expect(pids.map(([name]) => name)).toEqual(['a', 'b']);
  expect(await end(supervisor, 'b', 'a')).toEqual([]);
  expect(pids.map(([, pid]) => isRunning(pid))).toEqual([false, false]);
  expect(await readFile(join(dir, 'b.log'), 'utf8')).toBe('ready\nb ends\n');
});

test('what a role says without a line break is written down in pieces', async () => {
  await using cleanup = new AsyncDisposableStack();
  const talks = "process.stdout.write('x'.repeat(1_000_000) + '\\nready\\n'); setInterval(() => {}, 1000)";
  const { started, dir } = await supervise(cleanup, [fakeRole('a', talks)]);
  await end(await started, 'a');
  const lines = (await readFile(join(dir, 'a.log'), 'utf8')).split('\n').slice(0, -1);
  expect(lines.at(-1)).toBe('ready');
  expect(lines.slice(0, -1).join('')).toBe('x'.repeat(1_000_000));
  expect(lines.every((line) => line.length < 400_000)).toBe(true);
});

test('a role that dies is started again, and said to be', async () => {
  await using cleanup = new AsyncDisposableStack();
  const { pidOf, started, progress } = await supervise(cleanup, [fakeRole('a', STAYS)]);
  const supervisor = await started;
  for (const life of [1, 2, 3]) {
    const before = pidOf('a');
    process.kill(before, 'SIGKILL');
    await eventually(
      () => pidOf('a'),
      (pid) => pid !== before,
    );
    const back = (): number => progress.lines.filter((line) => /a is back/.test(line)).length;
    await eventually(back, (times) => times === life);
  }
  expect(progress.lines).toContain('! a was ended by SIGKILL; it is started again');
  await end(supervisor, 'a');
  expect(isRunning(pidOf('a'))).toBe(false);
});

test('a stuck role is killed when told to, and runs again', async () => {
  await using cleanup = new AsyncDisposableStack();
  const { pidOf, started } = await supervise(cleanup, [fakeRole('a', STUBBORN, { endTimeoutMs: 300 })]);
  const supervisor = await started;
  const before = pidOf('a');
  process.kill(before, 'SIGSTOP');
  supervisor.kill('a');
  await eventually(
    () => pidOf('a'),
    (pid) => pid !== before,
  );
  expect(isRunning(before)).toBe(false);
  await end(supervisor, 'a');
});

test('a stubborn role is killed after its time, together with what it started, and named', async () => {
  await using cleanup = new AsyncDisposableStack();
  const program = `const child = require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(STUBBORN)}]);
    child.stdout.once('data', () => console.log('ready', child.pid)); process.on('SIGTERM', () => {});`;
  const { started, pidOf } = await supervise(cleanup, [fakeRole('a', program, { endTimeoutMs: 300 })]);
  const supervisor = await started;
  const grandchild = Number(supervisor.tailOf('a')[0]?.split(' ')[1]);
  expect(isRunning(grandchild)).toBe(true);
  expect(await end(supervisor, 'a')).toEqual(['a']);
  expect(isRunning(pidOf('a'))).toBe(false);
  await eventually(
    () => isRunning(grandchild),
    (runs) => !runs,
  );
});

test('what a role that died had started is killed before it is started again', async () => {
  await using cleanup = new AsyncDisposableStack();
  const program = `const child = require('child_process').spawn('sleep', ['1000']);
    console.log('ready', child.pid); setInterval(() => {}, 1000);`;
  const { started, pidOf } = await supervise(cleanup, [fakeRole('a', program)]);
  const supervisor = await started;
  const sleeper = Number(supervisor.tailOf('a')[0]?.split(' ')[1]);
  expect(isRunning(sleeper)).toBe(true);
  process.kill(pidOf('a'), 'SIGKILL');
  await eventually(
    () => isRunning(sleeper),
    (runs) => !runs,
  );
  await end(supervisor, 'a');
});

test('when a role does not come up those before it are ended, and its last words are in the message', async () => {
  await using cleanup = new AsyncDisposableStack();
  const fails = "console.error('no such table'); process.exit(3)";
  const { started, pidOf } = await supervise(cleanup, [fakeRole('a', STAYS), fakeRole('b', fails)]);
  await expect(started).rejects.toThrow(/b ended with exit code 3\. The end of .*b\.log:\nno such table/);
  expect(isRunning(pidOf('a'))).toBe(false);
});

test('a program that is not there fails the start and leaves nothing', async () => {
  await using cleanup = new AsyncDisposableStack();
  const { started, pidOf } = await supervise(cleanup, [
    fakeRole('a', STAYS),
    fakeRole('b', '', { program: '/no/such' }),
  ]);
  await expect(started).rejects.toThrow('ENOENT');
  expect(isRunning(pidOf('a'))).toBe(false);
});

test('no further role is started once the end was asked for', async () => {
  await using cleanup = new AsyncDisposableStack();
  const asked = new AbortController();
  asked.abort(new Error('asked to end'));
  const { started, pids } = await supervise(cleanup, [fakeRole('a', STAYS)], asked.signal);
  await expect(started).rejects.toThrow('asked to end');
  expect(pids).toEqual([]);
});

test('an error in a role’s log is shown once with the role’s name, all of it is in the file', async () => {
  await using cleanup = new AsyncDisposableStack();
  const line = JSON.stringify({ level: 50, msg: 'could not push', err: { message: 'disk full' } });
  const program = `console.log('${line}'); console.log('${line}'); ${STAYS}`;
  const { started, progress, dir } = await supervise(cleanup, [fakeRole('a', program)]);
  await end(await started, 'a');
  expect(progress.lines.filter((text) => text === '! a: could not push: disk full')).toHaveLength(1);
  expect((await readFile(join(dir, 'a.log'), 'utf8')).trim().split('\n')).toEqual([line, line, 'ready']);
});
