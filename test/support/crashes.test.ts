import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { failOnCrash, takeCrashes } from './crashes.ts';
import { eventually } from './eventually.ts';
import { startProcess, type TestProcess } from './processes.ts';

describe('a process that a test has started', () => {
  let dir: string;
  const started: TestProcess[] = [];
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'daypass-crash-'));
  });
  afterEach(async () => {
    for (const one of started.splice(0)) await one.end('SIGKILL');
    await rm(dir, { recursive: true, force: true });
  });

  /** One that is ready, and does this on a signal. */
  const start = async (signal: NodeJS.Signals, then: string): Promise<TestProcess> => {
    const program = join(dir, 'program.mjs');
    const lines = [
      `process.on('${signal}', () => { ${then} });`,
      'setInterval(() => {}, 1000);',
      "console.log('ready');",
    ];
    await writeFile(program, lines.join('\n'));
    const one = await startProcess(program, { PATH: process.env['PATH'] ?? '' }, 'ready');
    started.push(one);
    return one;
  };

  it.each([
    ['a rejection that nobody handles', "Promise.reject(new Error('of a promise'))", 'Error: of a promise'],
    ['an error that nobody catches', "throw new Error('of a callback')", 'Error: of a callback'],
    ['an exit with an error', 'process.exit(3)', 'ended by itself with 3'],
    ['an abort', 'process.abort()', 'was ended by SIGABRT'],
  ])('fails the test that runs meanwhile by %s', async (_, then, words) => {
    const one = await start('SIGUSR2', then);
    process.kill(one.pid, 'SIGUSR2');
    await one.exited;
    await expect(failOnCrash()).rejects.toThrow(words);
    expect(await takeCrashes()).toEqual([]);
  });

  it('fails it too by an error that nobody catches while it is asked to end', async () => {
    const one = await start('SIGTERM', "Promise.reject(new Error('at the end'))");
    await one.end('SIGTERM');
    const crashes = await eventually(takeCrashes, ({ length }) => length > 0);
    expect(crashes.join()).toContain('Error: at the end');
  });

  it('may be killed, be asked to end, or end by itself in order', async () => {
    const killed = await start('SIGUSR2', '');
    process.kill(killed.pid, 'SIGKILL');
    await killed.exited;
    const ended = await start('SIGTERM', 'process.exit(1)');
    await ended.end('SIGTERM');
    const inOrder = await start('SIGUSR2', 'process.exit(0)');
    process.kill(inOrder.pid, 'SIGUSR2');
    await inOrder.exited;
    await expect(failOnCrash()).resolves.toBeUndefined();
  });
});
