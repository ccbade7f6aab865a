import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { Interrupted, takeEndSignals, unlessEnded } from '../../../../src/cli/up/ending/end-signals.ts';

test('a second SIGINT within 2 s changes nothing, a later one hurries the end', () => {
  const source = new EventEmitter();
  let now = 1_000;
  const { end, hurry } = takeEndSignals(source, () => now);
  source.emit('SIGINT');
  expect([end.aborted, hurry.aborted]).toEqual([true, false]);
  now += 1_900;
  source.emit('SIGINT');
  expect(hurry.aborted).toBe(false);
  now += 200;
  source.emit('SIGINT');
  expect(hurry.aborted).toBe(true);
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'])('%s asks to end', (signal) => {
  const source = new EventEmitter();
  const { end } = takeEndSignals(source);
  source.emit(signal);
  expect(end.reason).toBeInstanceOf(Interrupted);
});

test('work is given up when the end is asked for, and else gives its result', async () => {
  const asked = new AbortController();
  expect(await unlessEnded(asked.signal, Promise.resolve(7))).toBe(7);
  const waiting = unlessEnded(asked.signal, new Promise(() => {}));
  asked.abort(new Interrupted('now'));
  await expect(waiting).rejects.toThrow('now');
});
