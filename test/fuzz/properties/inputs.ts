import * as fc from 'fast-check';

/** What is asserted of inputs that are made up. */
export type Property = fc.IAsyncProperty<unknown>;

/** Any bytes at all. */
export const bytes = (maxLength = 300) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
/** Places to cut a stream at. */
export const cuts = fc.array(fc.nat({ max: 400 }), { maxLength: 6 });
/** Text near what the parsers accept, where they are most likely to be wrong. */
export const nearly = (alphabet: string, maxLength = 40) =>
  fc.oneof(
    fc.string({ unit: fc.constantFrom(...alphabet.split('')), maxLength }),
    fc.string({ unit: 'binary', maxLength }),
    fc.string({ unit: 'grapheme', maxLength }),
  );

/** The bytes in pieces, cut at these places. */
export function cut(whole: Buffer, at: number[]): Buffer[] {
  const edges = [0, ...at.filter((edge) => edge < whole.length), whole.length].toSorted((a, b) => a - b);
  return edges.slice(1).map((end, i) => whole.subarray(edges[i], end));
}

export async function* streamOf(chunks: Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks;
}
