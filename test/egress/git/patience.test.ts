import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Patience, readBy, sentBy, type Pace } from '../../../src/egress/git/patience.ts';

const PACE: Pace = { minBytesPerSecond: 1_000, behindMs: 10_000, totalMs: 3_600_000 };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A client's patience, and when it was given up, in ms since the beginning; null: it was not. */
function rig(pace = PACE): { patience: Patience; slowAtMs: () => number | null } {
  const began = performance.now();
  let slowAtMs: number | null = null;
  const patience = new Patience(pace, () => (slowAtMs ??= performance.now() - began));
  return { patience, slowAtMs: () => slowAtMs };
}

/** So many pieces of so many bytes, each after a pause. */
async function* pieces(count: number, bytes: number, pauseMs: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < count; i++) {
    if (pauseMs > 0) await sleep(pauseMs);
    yield Buffer.alloc(bytes);
  }
}

/** Reads all of it, with a pause behind each piece, while the time passes. */
async function drain(source: AsyncIterable<Uint8Array>, pauseMs = 0): Promise<void> {
  let isOver = false;
  const read = async (): Promise<void> => {
    for await (const _ of source) if (pauseMs > 0) await sleep(pauseMs);
    isOver = true;
  };
  const reading = read();
  while (!isOver) await vi.advanceTimersByTimeAsync(100);
  await reading;
}

test('a client that sends at a pace is waited for, however long its pauses are together', async () => {
  const { patience, slowAtMs } = rig();
  await drain(sentBy(pieces(100, 5_000, 5_000), patience));
  expect(slowAtMs()).toBeNull();
});

test('a client that drips is given up, and what it sent fast before does not count for ever', async () => {
  const { patience, slowAtMs } = rig();
  const source = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.alloc(100_000_000);
    yield* pieces(200, 10, 100);
  };
  await drain(sentBy(source(), patience));
  expect(slowAtMs()).toBeGreaterThanOrEqual(PACE.behindMs);
  expect(slowAtMs()).toBeLessThan(1.2 * PACE.behindMs);
});

test('a client that stands still is given up while it is waited for', async () => {
  const { patience, slowAtMs } = rig();
  await drain(sentBy(pieces(1, 1, 60_000), patience));
  expect(slowAtMs()).toBe(PACE.behindMs);
});

test('a client that sends at a pace for too long is given up', async () => {
  const { patience, slowAtMs } = rig({ ...PACE, totalMs: 20_000 });
  await drain(sentBy(pieces(40, 10_000, 1_000), patience));
  expect(slowAtMs()).toBe(20_000);
});

test('time in which others hold the client up does not count', async () => {
  const { patience, slowAtMs } = rig();
  // The reader here is the repo host.
  await drain(sentBy(pieces(3, 10, 0), patience), 2 * PACE.behindMs);
  expect(slowAtMs()).toBeNull();
  // And here the sender is.
  await drain(readBy(pieces(3, 10, 2 * PACE.behindMs), patience));
  expect(slowAtMs()).toBeNull();
});

test('a client that does not read is given up', async () => {
  const { patience, slowAtMs } = rig();
  await drain(readBy(pieces(1, 10, 0), patience), 60_000);
  expect(slowAtMs()).toBe(PACE.behindMs);
});
