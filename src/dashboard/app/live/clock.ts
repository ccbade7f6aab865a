import { signal, type ReadonlySignal } from '@preact/signals';

/** The time in milliseconds, once a second, until the signal aborts: what shows an age or a time left reads it. */
export function startClock(until: AbortSignal): ReadonlySignal<number> {
  const now = signal(Date.now());
  const timer = setInterval(() => (now.value = Date.now()), 1_000);
  until.addEventListener('abort', () => clearInterval(timer));
  return now;
}
