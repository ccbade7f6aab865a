import { describe, expect, it } from 'vitest';
import type { NetworkDecision } from '../../../src/egress/decisions/decision.ts';
import { EventAllowance } from '../../../workers/network/event-allowance.ts';
import { networkEvents } from '../../../workers/network/network-events.ts';

const mask = (outside: string): string => outside.replaceAll('a.example', '[secret]');

const decision = (over: Partial<NetworkDecision> = {}): NetworkDecision => ({
  atMs: 0,
  host: 'a.example.com',
  port: 443,
  verdict: 'refused',
  reason: 'no rule for a.example.com',
  ...over,
});

describe('the events of some decisions', () => {
  it('are one for each target, verdict and reason, with how many times and when, and with its names masked', () => {
    const lines = [
      decision(),
      decision({ verdict: 'allowed', reason: null }),
      decision({ atMs: 1_000 }),
      decision({ port: 80 }),
    ];
    expect(networkEvents(lines, 10, mask).map(({ detail }) => detail)).toEqual([
      {
        host: '[secret].com',
        port: 443,
        verdict: 'refused',
        reason: 'no rule for [secret].com',
        count: 2,
        firstAt: '1970-01-01T00:00:00.000Z',
        lastAt: '1970-01-01T00:00:01.000Z',
      },
      expect.objectContaining({ verdict: 'allowed', count: 1 }),
      expect.objectContaining({ port: 80, count: 1 }),
    ]);
  });

  it('are bounded, and say how many decisions the rest was', () => {
    const lines = Array.from({ length: 50 }, (_, i) => [decision({ port: i + 1 }), decision({ port: i + 1 })]).flat();
    const events = networkEvents([...lines, { atMs: 0, omitted: 7 }], 3, mask);
    expect(events).toHaveLength(4);
    expect(events.at(-1)).toEqual({ type: 'network', detail: { suppressed: 47 * 2 + 7, atLeast: false } });
  });

  it('say so when nobody knows how many were left out', () => {
    const [event] = networkEvents([{ atMs: 0, omitted: null }], 3, mask);
    expect(event?.detail).toEqual({ suppressed: 0, atLeast: true });
  });
});

describe('how many a session may make', () => {
  it('is thirty at once, twenty a minute, four hundred in all, and then one in ten minutes', () => {
    const allowance = new EventAllowance(0);
    expect(allowance.now(0, 0)).toBe(30);
    allowance.made(30, 0);
    expect(allowance.now(30, 1_000)).toBe(0);
    expect(allowance.now(30, 31_000)).toBe(10);
    expect(allowance.now(395, 60 * 60_000)).toBe(5);
    allowance.made(5, 60 * 60_000);
    expect(allowance.now(400, 61 * 60_000)).toBe(0);
    expect(allowance.now(400, 71 * 60_000)).toBe(1);
    allowance.made(1, 71 * 60_000);
    expect(allowance.now(401, 80 * 60_000)).toBe(0);
  });
});
