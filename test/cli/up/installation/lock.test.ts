import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { holderOf, takeLock } from '../../../../src/cli/up/installation/lock.ts';
import { writePrivateJson } from '../../../../src/cli/up/installation/private-file.ts';
import { identify } from '../../../../src/cli/up/installation/process-identity.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

test('a data directory in use is refused with the process that has it, and is free again afterwards', async () => {
  await using dir = await temporaryDirectory();
  const lock = await takeLock(dir.path);
  expect(await holderOf(dir.path)).toMatchObject({ pid: process.pid });
  await expect(takeLock(dir.path)).rejects.toThrow(`already runs on ${dir.path} (process ${process.pid})`);
  await lock[Symbol.asyncDispose]();
  expect(await readdir(dir.path)).toEqual([]);
  await (await takeLock(dir.path))[Symbol.asyncDispose]();
});

test('what a dead process left is taken over', async () => {
  await using dir = await temporaryDirectory();
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  await once(child, 'spawn');
  await writePrivateJson(join(dir.path, 'start.lock'), identify(child.pid ?? 0));
  expect(await holderOf(dir.path)).toMatchObject({ pid: child.pid });
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await holderOf(dir.path)).toBeNull();
  await (await takeLock(dir.path))[Symbol.asyncDispose]();
});

test('a later process with the same number is not taken for the one that had it', async () => {
  await using dir = await temporaryDirectory();
  await writePrivateJson(join(dir.path, 'start.lock'), { pid: process.pid, startTicks: '1' });
  expect(await holderOf(dir.path)).toBeNull();
});

test('of several that start at the same moment only one gets it, also after a dead one', async () => {
  await using dir = await temporaryDirectory();
  await writePrivateJson(join(dir.path, 'start.lock'), { pid: process.pid, startTicks: '1' });
  const module = join(import.meta.dirname, '../../../../src/cli/up/installation/lock.ts');
  const program = `const { takeLock } = await import(${JSON.stringify(module)});
    const lock = await takeLock(${JSON.stringify(dir.path)}).catch(() => process.exit(1));
    console.log('taken'); for await (const chunk of process.stdin) void chunk; await lock[Symbol.asyncDispose]();`;
  const takers = [1, 2, 3].map(() =>
    spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  const told = takers.map(({ stdout }) => text(stdout));
  // Whoever was refused is over by itself; then the one that has it is let go.
  const over = Promise.withResolvers<void>();
  let refused = 0;
  for (const taker of takers) taker.once('exit', (code) => code === 1 && ++refused === 2 && over.resolve());
  await over.promise;
  for (const taker of takers) taker.stdin.end();
  expect((await Promise.all(told)).filter((said) => said === 'taken\n')).toHaveLength(1);
});
