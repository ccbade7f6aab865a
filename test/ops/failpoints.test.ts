import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { loadGatewayConfig } from '../../src/config.ts';
import { armFailpoints, failpoint, FAILPOINTS, parseFailpoints } from '../../src/ops/failpoints.ts';

const MODULE = new URL('../../src/ops/failpoints.ts', import.meta.url).href;

test('a rule names a place, what happens there, and at which hit', () => {
  expect(parseFailpoints('worker.minted=kill, minter.spooled=sleep:20@3')).toEqual([
    { name: 'worker.minted', action: 'kill', hit: 1 },
    { name: 'minter.spooled', action: { sleepMs: 20 }, hit: 3 },
  ]);
  expect(parseFailpoints('')).toEqual([]);
});

test.each([
  ['worker.nowhere=kill', /DAYPASS_FAILPOINTS names worker.nowhere; there are .*worker.minted/],
  ['worker.minted=explode', /must be NAME=ACTION/],
  ['worker.minted', /must be NAME=ACTION/],
  ['worker.minted=kill@0', /must be NAME=ACTION/],
])('a process that is told %s refuses to start and says why', (text, reason) => {
  expect(() => loadGatewayConfig({ DAYPASS_FAILPOINTS: text })).toThrow(reason);
});

test('every place says in a sentence what has happened when a process gets there', () => {
  for (const sentence of Object.values(FAILPOINTS)) expect(sentence).toMatch(/^[A-Z].*\.$/);
});

test('a place without a rule does nothing; one with a rule acts at its hit alone', async () => {
  armFailpoints(parseFailpoints('worker.cloned=throw@2'));
  await failpoint('worker.minted');
  await failpoint('worker.cloned');
  await expect(failpoint('worker.cloned')).rejects.toThrow('worker.cloned');
  await failpoint('worker.cloned');
});

test('kill ends the process at once and uncaught', async () => {
  const program = `
    import { armFailpoints, failpoint, parseFailpoints } from ${JSON.stringify(MODULE)};
    armFailpoints(parseFailpoints('worker.minted=kill'));
    process.on('exit', () => console.log('an orderly end'));
    await failpoint('worker.minted');
    console.log('went on');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  expect(await once(child, 'close')).toEqual([null, 'SIGKILL']);
  expect(printed).toBe('');
});
