import { signal, type ReadonlySignal } from '@preact/signals';
import type { Client } from '../client/client.ts';

/** The API's time in milliseconds, once a second, until the signal aborts: what shows an age or a time left reads it. */
export function startClock(clock: Client['clock'], until: AbortSignal): ReadonlySignal<number> {
  const now = signal(clock.nowMs());
  const timer = setInterval(() => (now.value = clock.nowMs()), 1_000);
  until.addEventListener('abort', () => clearInterval(timer));
  return now;
}
