import { expect, it } from 'vitest';
import { PatternTrie, ROOT, type Text } from '../../src/token/pattern-trie.ts';

function* numbers(): Generator<number> {
  for (let state = 7; ;) yield (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) >> 8;
}

const random = numbers();
const below = (limit: number): number => random.next().value % limit;

/** Mostly of one letter, so that links lead from one into another. */
function repetitive(length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => (below(5) === 0 ? 0x62 : 0x61)));
}

/** Where a walk over the text is after each byte: the longest beginning, and the longest entry, that the text ends with there. */
function walk(trie: PatternTrie, text: Buffer): string[] {
  const shown = (node: number): string => {
    if (node === ROOT) return '';
    const { entry, depth } = trie.placeOf(node);
    return trie.bytesOf(entry).subarray(0, depth).toString();
  };
  let node = ROOT;
  return [...text].map((byte) => {
    while (node !== ROOT && trie.child(node, byte) === ROOT) node = trie.suffix(node);
    node = trie.child(node, byte);
    return `${shown(node)} ${shown(trie.longestEnd(node))}`;
  });
}

/** The same by looking at every entry for every byte. */
function walkByHand(texts: readonly Text[], text: Buffer): string[] {
  const entries = texts.flatMap(({ bytes, rests = [] }) =>
    [0, ...rests].map((from) => bytes.subarray(from).toString()),
  );
  const longest = (all: string[]): string => all.reduce((a, b) => (b.length > a.length ? b : a), '');
  return [...text].map((_, at) => {
    const before = text.subarray(0, at + 1).toString();
    const begun = entries.flatMap((entry) =>
      Array.from(entry, (__, end) => entry.slice(0, end + 1)).filter((beginning) => before.endsWith(beginning)),
    );
    return `${longest(begun)} ${longest(entries.filter((entry) => before.endsWith(entry)))}`;
  });
}

it('is at the longest beginning of a text, or of a rest of one, that the bytes end with, and knows what ends there', () => {
  for (let round = 0; round < 200; round++) {
    const texts = Array.from({ length: 1 + below(5) }, (): Text => {
      const bytes = repetitive(2 + below(9));
      return { bytes, rests: [1, 2, 3, 5].filter((rest) => rest < bytes.length - 1 && below(3) > 0) };
    });
    const text = repetitive(30);
    expect(walk(new PatternTrie(texts), text)).toEqual(walkByHand(texts, text));
  }
});

it('finds the same although it forgets what it has learned', () => {
  const texts = Array.from({ length: 12 }, () => ({ bytes: repetitive(3_000), rests: [1, 2] }));
  // Each text broken off, gone on with by another: the walk goes by many links.
  const text = Buffer.concat(
    texts.flatMap(({ bytes }, at) => [bytes.subarray(0, 2_000), (texts.at(at - 5)?.bytes ?? bytes).subarray(500)]),
  );
  const whole = new PatternTrie(texts);
  const forgetful = new PatternTrie(texts, 1_024);
  for (let round = 0; round < 2; round++) expect(walk(forgetful, text)).toEqual(walk(whole, text));
});
