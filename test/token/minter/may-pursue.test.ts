import { describe, expect, it } from 'vitest';
import { mayPursue } from '../../../src/token/minter/may-pursue.ts';

const NOW = Date.parse('2026-01-01T00:10:00.000Z');
const at = (seconds: number): string => new Date(NOW + seconds * 1000).toISOString();
const stranger = { held: false, asked: false, ownNextTryAt: null };
const due = (over: { nextTryAt?: string | null; revokingAt?: string } = {}) => ({
  nextTryAt: null,
  revokingAt: at(-1),
  intendedAt: at(-600),
  ...over,
});

describe('whether a minter is to delete a token that is due', () => {
  it.each([
    ['it holds it, whoever else tries', due({ nextTryAt: at(20) }), { ...stranger, held: true }],
    ['it is asked and nobody has tried', due(), { ...stranger, asked: true }],
    ['it is the one that tried last', due({ nextTryAt: at(-1) }), { ...stranger, ownNextTryAt: at(-1) }],
    ['nobody has tried for half a minute', due({ revokingAt: at(-31) }), stranger],
    ['the next try is overdue by half a minute', due({ nextTryAt: at(-31) }), stranger],
    ['the next try is further ahead than anybody waits', due({ nextTryAt: at(121) }), stranger],
  ])('is, when %s', (_why, token, facts) => {
    expect(mayPursue(token, facts, NOW)).toBe(true);
  });

  it.each([
    ['it comes across one that is due for a moment', due(), stranger],
    ['another has tried and says when it tries again', due({ nextTryAt: at(20) }), { ...stranger, asked: true }],
    ['another waits as long as a clock that is a minute ahead says', due({ nextTryAt: at(119) }), stranger],
    ['another is trying now', due({ nextTryAt: at(-29) }), { ...stranger, asked: true, ownNextTryAt: at(-60) }],
  ])('is not, when %s', (_why, token, facts) => {
    expect(mayPursue(token, facts, NOW)).toBe(false);
  });
});
