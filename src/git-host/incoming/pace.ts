import type { HostBounds } from '../bounds.ts';
import { HostError } from '../http/host-error.ts';

/** Watches how fast a body comes. */
export interface Pace {
  /** Aborted with `too_slow` when the body is slower than it may be, or takes too long in all. */
  readonly signal: AbortSignal;
  came: (bytes: number) => void;
  /** The bytes of this window and the one before. */
  recentBytes: () => number;
  /** Aborts the signal with the reason. */
  giveUp: (reason: HostError) => void;
  end: () => void;
}

export function keepPace({ minBytesPerSecond, windowMs, totalMs }: HostBounds['body']): Pace {
  const slow = new AbortController();
  const leastBytes = (minBytesPerSecond * windowMs) / 1_000;
  let [bytes, before] = [0, 0];
  const window = setInterval(() => {
    if (bytes < leastBytes)
      slow.abort(tooSlow(`fewer than ${leastBytes} bytes of the body came within ${windowMs / 1_000} s`));
    [bytes, before] = [0, bytes];
  }, windowMs);
  const total = setTimeout(() => slow.abort(tooSlow(`the body took longer than ${totalMs / 1_000} s`)), totalMs);
  return {
    signal: slow.signal,
    came: (count) => void (bytes += count),
    recentBytes: () => bytes + before,
    giveUp: (reason) => slow.abort(reason),
    end() {
      clearInterval(window);
      clearTimeout(total);
    },
  };
}

function tooSlow(message: string): HostError {
  return new HostError('too_slow', message);
}
