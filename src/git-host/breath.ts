/** Nobody else waits longer than this for a piece of long work. */
const SLICE_MS = 4;

/** Cuts long work on the event loop into slices, between which everything else comes to its turn. */
export interface Breath {
  /** Whether the slice is over: `take` a breath then. */
  isDue(): boolean;
  take(): Promise<void>;
}

export function createBreath(): Breath {
  let beganAt = performance.now();
  return {
    isDue: () => performance.now() - beganAt > SLICE_MS,
    async take() {
      await new Promise(setImmediate);
      beganAt = performance.now();
    },
  };
}

/** What `map` makes of each item, in slices. */
export async function mapInSlices<T, U>(items: Iterable<T>, map: (item: T) => U): Promise<U[]> {
  const breath = createBreath();
  const mapped: U[] = [];
  for (const item of items) {
    mapped.push(map(item));
    if (breath.isDue()) await breath.take();
  }
  return mapped;
}

/** The items that `keeps` is true for, in slices. */
export async function filterInSlices<T>(items: Iterable<T>, keeps: (item: T) => boolean): Promise<T[]> {
  const breath = createBreath();
  const kept: T[] = [];
  for (const item of items) {
    if (keeps(item)) kept.push(item);
    if (breath.isDue()) await breath.take();
  }
  return kept;
}

const RUN_LENGTH = 2_000;

/** The strings in the order of their code units, like `toSorted()`, sorted in slices. */
export async function sortInSlices(strings: string[]): Promise<string[]> {
  const breath = createBreath();
  let runs: string[][] = [];
  for (let at = 0; at < strings.length; at += RUN_LENGTH) {
    runs.push(strings.slice(at, at + RUN_LENGTH).toSorted());
    if (breath.isDue()) await breath.take();
  }
  while (runs.length > 1) {
    const merged: string[][] = [];
    for (let at = 0; at < runs.length; at += 2) merged.push(await merge(runs[at] ?? [], runs[at + 1] ?? [], breath));
    runs = merged;
  }
  return runs[0] ?? [];
}

async function merge(left: string[], right: string[], breath: Breath): Promise<string[]> {
  const merged: string[] = [];
  let [l, r] = [0, 0];
  while (l < left.length && r < right.length) {
    merged.push((left[l] as string) <= (right[r] as string) ? (left[l++] as string) : (right[r++] as string));
    if (merged.length % RUN_LENGTH === 0 && breath.isDue()) await breath.take();
  }
  return merged.concat(left.slice(l), right.slice(r));
}
