import { expect, it } from 'vitest';
import { PatternTrie, ROOT } from '../../src/token/pattern-trie.ts';

/** Texts that repeat themselves, so that links lead from one into another. */
function patterns(): Buffer[] {
  let state = 7;
  const letter = (): number => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return 97 + (state % 7 === 0 ? 1 : 0);
  };
  const texts = Array.from({ length: 12 }, () => Buffer.from(Array.from({ length: 3_000 }, letter)));
  return texts.toSorted((a, b) => Buffer.compare(a, b));
}

/** Where a walk over the text is after each byte, as depth and longest end. */
function walk(trie: PatternTrie, text: Buffer): string[] {
  let node = ROOT;
  return [...text].map((byte) => {
    while (node !== ROOT && trie.child(node, byte) === ROOT) node = trie.suffix(node);
    node = trie.child(node, byte);
    return `${node} ${node === ROOT ? ROOT : trie.longestEnd(node)}`;
  });
}

it('finds the same although it forgets what it has learned', () => {
  const texts = patterns();
  // Each text broken off, gone on with by another: the walk goes by many links.
  const text = Buffer.concat(
    texts.flatMap((one, at) => [one.subarray(0, 2_000), texts.at(at - 5)?.subarray(500) ?? one]),
  );
  const whole = new PatternTrie(texts);
  const forgetful = new PatternTrie(texts, 1);
  for (let round = 0; round < 3; round++) expect(walk(forgetful, text)).toEqual(walk(whole, text));
});
