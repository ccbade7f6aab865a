import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { takeStopSignals } from '../../../src/cli/run/stop-signals.ts';

test('the first signal stops; the same one that the launcher passes on is not a second; the next one leaves', () => {
  const source = new EventEmitter();
  let now = 0;
  using signals = takeStopSignals(source, () => now);
  expect(signals.exitCode()).toBeNull();
  source.emit('SIGINT');
  expect(signals.stop.aborted).toBe(true);
  now = 20;
  source.emit('SIGINT');
  expect(signals.leave.aborted).toBe(false);
  now = 2_000;
  source.emit('SIGTERM');
  expect(signals.leave.aborted).toBe(true);
  expect(signals.exitCode()).toBe(130);
});

test('signals are left to others when it is over', () => {
  const source = new EventEmitter();
  takeStopSignals(source)[Symbol.dispose]();
  expect(['SIGINT', 'SIGTERM', 'SIGHUP'].map((name) => source.listenerCount(name))).toEqual([0, 0, 0]);
});
