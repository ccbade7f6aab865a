import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { forgetEngine, ownEngine, recordEngine } from '../../../../src/cli/up/setup/engine-record.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

test('a process that is recorded but is no dockerd is never taken for our engine', async () => {
  await using dir = await temporaryDirectory();
  await recordEngine(dir.path, process.pid);
  expect(await ownEngine(dir.path)).toBeNull();
});

test('our engine is found while it runs, and not after it has ended', async () => {
  await using dir = await temporaryDirectory();
  // The name that the kernel shows is the first argument's file name only for programs; a thread may name itself.
  const program =
    "require('fs').writeFileSync('/proc/self/comm', 'dockerd'); console.log('up'); setInterval(() => {}, 1000)";
  const engine = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(engine.stdout, 'data');
    await recordEngine(dir.path, engine.pid ?? 0);
    expect(await ownEngine(dir.path)).toMatchObject({ pid: engine.pid });
  } finally {
    engine.kill('SIGKILL');
    await once(engine, 'exit');
  }
  expect(await ownEngine(dir.path)).toBeNull();
  await forgetEngine(dir.path);
  expect(await ownEngine(dir.path)).toBeNull();
});
