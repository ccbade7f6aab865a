/** So much is taken in before the buffers that it came in are freed. */
const EVERY_BYTES = 8 * 1024 ** 2;

let sinceBytes = 0;

/**
 * To be told of bytes that came over the network and were passed on. The system's buffers for them are garbage that the collector
 * sees as a few small objects: left to itself it lets tens of megabytes of them gather. Without `--expose-gc` nothing is done.
 */
export function passedOn(bytes: number): void {
  sinceBytes += bytes;
  if (sinceBytes < EVERY_BYTES) return;
  sinceBytes = 0;
  globalThis.gc?.({ type: 'minor' });
}
