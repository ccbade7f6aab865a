import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** How many bytes of this process' memory what `make` gives holds, once all that it needed on the way is gone. */
export function heldBytes<T>(make: () => T): { made: T; bytes: number } {
  // Made once in vain, so that what is compiled and kept for the next time is not counted.
  make();
  const before = usedBytes();
  const made = make();
  return { made, bytes: usedBytes() - before };
}

function usedBytes(): number {
  // Buffers are given back by the second.
  collectGarbage();
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
