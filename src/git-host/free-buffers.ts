/** So much is taken in before the buffers that it came in are freed. */
const EVERY_BYTES = 4 * 1024 ** 2;
/** Above this nearly all is garbage: the structure of the largest body takes less. */
const LARGE_BYTES = 140 * 1024 ** 2;
const LOOK_EVERY_MS = 250;
/** A collection that gives pages back is the most thorough one, and not for every look. */
const GIVE_BACK_EVERY_MS = 1_000;
/** A collection stops everything else: it takes at most half of the time. */
const PAUSE_FACTOR = 1;

let sinceBytes = 0;

/**
 * To be told of bytes that came over the network or from git and were passed on. The system's buffers for them are garbage that the
 * collector sees as a few small objects: left to itself it lets tens of megabytes of them gather. Without `--expose-gc` nothing is
 * done.
 */
export function passedOn(bytes: number): void {
  sinceBytes += bytes;
  if (sinceBytes < EVERY_BYTES) return;
  sinceBytes = 0;
  globalThis.gc?.({ type: 'minor' });
}

/**
 * Collects all garbage when the process has grown, as V8 would only when its heap has doubled; and now and then gives the pages
 * back, which an ordinary collection keeps. Returns what ends that.
 */
export function keepLean(): () => void {
  let givenBackMs = -Infinity;
  let notBeforeMs = -Infinity;
  const looking = setInterval(() => {
    const beganMs = performance.now();
    if (beganMs < notBeforeMs || process.memoryUsage.rss() <= LARGE_BYTES) return;
    const givesBack = beganMs - givenBackMs > GIVE_BACK_EVERY_MS;
    globalThis.gc?.({ type: 'major', ...(givesBack && { flavor: 'last-resort' }) });
    const endedMs = performance.now();
    if (givesBack) givenBackMs = endedMs;
    notBeforeMs = endedMs + PAUSE_FACTOR * (endedMs - beganMs);
  }, LOOK_EVERY_MS).unref();
  return () => clearInterval(looking);
}
