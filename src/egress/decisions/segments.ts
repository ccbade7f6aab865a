import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/*
 * The decisions of one sandbox lie in numbered files in a directory of its own, which its worker makes and removes. The
 * gateway appends to the last one and begins a new one when that is full, and at its start; it never goes back. So its
 * reader may remove every file but the last.
 */

export const segmentFile = (dir: string, number: number): string => join(dir, `${number}.ndjson`);

/** In their order. */
export async function listSegments(dir: string): Promise<number[]> {
  const names = await readdir(dir);
  const numbers = names.flatMap((name) => /^(\d{1,15})\.ndjson$/.exec(name)?.[1] ?? []).map(Number);
  return numbers.toSorted((a, b) => a - b);
}
