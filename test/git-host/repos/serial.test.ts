import { expect, test } from 'vitest';
import { createSerial } from '../../../src/git-host/repos/serial.ts';

test('work for one key runs in order and one at a time, also after a failure, and other keys do not wait', async () => {
  const serial = createSerial();
  const seen: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = serial.run('a', async () => {
    await gate.promise;
    seen.push('first');
    throw new Error('first fails');
  });
  const second = serial.run('a', async () => seen.push('second'));
  await serial.run('b', async () => seen.push('other key'));
  gate.resolve();

  await expect(first).rejects.toThrow('first fails');
  await second;
  expect(seen).toEqual(['other key', 'first', 'second']);
});
