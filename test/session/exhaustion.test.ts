import { describe, expect, it } from 'vitest';
import { exhaustionKey, parseUsedUp, withExhaustion } from '../../src/session/exhaustion.ts';
import { aSession } from '../support/records.ts';

describe('a limit that was reached', () => {
  it.each([
    [['memory', '', '', '3'], { resource: 'memory', count: 3, limitMb: 1024 }],
    [['pids', '', '', '70000'], { resource: 'pids', count: 70_000, limit: 256 }],
    [
      ['disk', '/workspace', 'inodes', '1'],
      { resource: 'disk', where: '/workspace', of: 'inodes', count: 1, limitMb: 2048 },
    ],
    [['disk', '/tmp', 'bytes', '2'], { resource: 'disk', where: '/tmp', of: 'bytes', count: 2, limitMb: 512 }],
  ])('%j is an event with the limit that the session has', (words, detail) => {
    const told = withExhaustion(aSession(), parseUsedUp(words));
    expect(told?.events).toEqual([{ type: 'resource_exhausted', detail }]);
  });

  it('is told once for each count, whoever reads it again', () => {
    const first = withExhaustion(aSession(), { resource: 'memory', count: 2 });
    expect(first?.session.exhausted).toEqual({ memory: 2 });
    expect(withExhaustion(first?.session ?? aSession(), { resource: 'memory', count: 2 })).toBeNull();
    expect(withExhaustion(first?.session ?? aSession(), { resource: 'memory', count: 3 })).not.toBeNull();
    expect(withExhaustion(first?.session ?? aSession(), { resource: 'pids', count: 1 })).not.toBeNull();
  });

  it('is another one for each disk', () => {
    const full = { resource: 'disk', of: 'bytes', count: 1 } as const;
    expect(exhaustionKey({ ...full, where: '/tmp' })).not.toBe(exhaustionKey({ ...full, where: '/workspace' }));
  });

  it('is refused when init names none that there is', () => {
    expect(() => parseUsedUp(['cpu', '', '', '1'])).toThrow(/cpu/);
  });
});
