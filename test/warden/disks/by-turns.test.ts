import { describe, expect, it } from 'vitest';
import { byTurns } from '../../../src/warden/disks/by-turns.ts';

describe('work by turns', () => {
  it('does what has one key in order, also after a failure, and waits for no other key', async () => {
    const turns = byTurns();
    const done: string[] = [];
    const gate = Promise.withResolvers<void>();
    const first = turns('a', async () => {
      await gate.promise;
      done.push('a1');
      throw new Error('the first fails');
    });
    const second = turns('a', async () => void done.push('a2'));
    await turns('b', async () => void done.push('b'));
    gate.resolve();
    await expect(first).rejects.toThrow('the first fails');
    await second;
    expect(done).toEqual(['b', 'a1', 'a2']);
  });
});
