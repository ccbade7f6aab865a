/** Where a node lies: on the way of this pattern (its place in the list given), after so many of its bytes. */
export interface Place {
  index: number;
  depth: number;
}

/** The nodes that one pattern has added, which follow one another. */
interface Run {
  first: number;
  /** The node that it branches off. */
  parent: number;
  /** Of `parent`. */
  depth: number;
  index: number;
}

export const ROOT = 0;

/** The node after this one is its child. */
const HAS_NEXT = 1;
const HAS_BRANCHES = 2;
const IS_FIRST = 4;
const IS_END = 8;
/** Its links were worked out. */
const IS_KNOWN = 16;

const PAGE_BITS = 12;
const PAGE = 1 << PAGE_BITS;
const IN_PAGE = PAGE - 1;
/** 8 MiB. */
const MAX_PAGES = 256;

/**
 * The patterns as one tree of bytes with suffix links, by Aho and Corasick: how many there are does not matter to who
 * walks it. Links are worked out where a walk comes along, so that long patterns cost little until they are met; what
 * was learned of late is kept for all who walk the same tree. Two bytes of memory for each byte of a pattern that it does
 * not share with an earlier one, and some 8 MiB for links.
 */
export class PatternTrie {
  readonly #bytes: Uint8Array;
  readonly #flags: Uint8Array;
  /** By page of nodes: their suffixes, then the longest patterns that they end with. */
  readonly #links = new Map<number, Int32Array>();
  /** By first byte. */
  readonly #tops = new Int32Array(256);
  /** Children other than the node that follows, by node and byte. */
  readonly #branches = new Map<number, number>();
  readonly #runs: Run[] = [];
  readonly #maxPages: number;
  #isLearning = false;
  /** Since the links were forgotten: nodes that were learned, and walks that had to wait for it. */
  #learned = 0;
  #lessons = 0;

  /** In the order of their bytes, none of them empty. `maxPages` of 32 KiB are kept of the links. */
  constructor(patterns: readonly Buffer[], maxPages = MAX_PAGES) {
    this.#maxPages = maxPages;
    const size = patterns.reduce((sum, pattern) => sum + pattern.length, 1);
    this.#bytes = new Uint8Array(size);
    this.#flags = new Uint8Array(size);
    let free = 1;
    for (const [index, pattern] of patterns.entries()) free = this.#add(pattern, index, free);
  }

  /** `ROOT` where no pattern goes on with this byte. */
  child(node: number, byte: number): number {
    if (node === ROOT) return this.#tops[byte] ?? ROOT;
    const flags = this.#flags[node] ?? 0;
    if ((flags & HAS_NEXT) !== 0 && this.#bytes[node + 1] === byte) return node + 1;
    return (flags & HAS_BRANCHES) === 0 ? ROOT : (this.#branches.get(node * 256 + byte) ?? ROOT);
  }

  /** Whether a pattern is longer than the bytes up to this node. */
  goesOn(node: number): boolean {
    return ((this.#flags[node] ?? 0) & (HAS_NEXT | HAS_BRANCHES)) !== 0;
  }

  /** The node of the longest beginning of a pattern that this one's bytes end with, itself left out. */
  suffix(node: number): number {
    if (node === ROOT) return ROOT;
    if (!this.#isKnown(node)) this.#learn(node);
    return this.#links.get(node >> PAGE_BITS)?.[node & IN_PAGE] ?? ROOT;
  }

  /** The node of the longest whole pattern that this one's bytes end with, itself included; `ROOT` when none. */
  longestEnd(node: number): number {
    if (node === ROOT) return ROOT;
    if (!this.#isKnown(node)) this.#learn(node);
    return this.#links.get(node >> PAGE_BITS)?.[PAGE + (node & IN_PAGE)] ?? ROOT;
  }

  /** Not of `ROOT`. */
  placeOf(node: number): Place {
    const run = this.#runOf(node);
    return { index: run.index, depth: run.depth + node - run.first + 1 };
  }

  #add(pattern: Buffer, index: number, free: number): number {
    let node = ROOT;
    let depth = 0;
    for (let next = ROOT; depth < pattern.length; node = next, depth++) {
      next = this.child(node, pattern[depth] ?? 0);
      if (next === ROOT) break;
    }
    const added = pattern.length - depth;
    if (added > 0) {
      const byte = pattern[depth] ?? 0;
      if (node === ROOT) this.#tops[byte] = free;
      else this.#branches.set(node * 256 + byte, free);
      this.#flag(node, HAS_BRANCHES);
      this.#runs.push({ first: free, parent: node, depth, index });
      this.#bytes.set(pattern.subarray(depth), free);
      this.#flags.fill(HAS_NEXT, free, free + added - 1);
      this.#flag(free, IS_FIRST);
      node = free + added - 1;
    }
    this.#flag(node, IS_END);
    return free + added;
  }

  #flag(node: number, flag: number): void {
    this.#flags[node] = (this.#flags[node] ?? 0) | flag;
  }

  #isKnown(node: number): boolean {
    return node === ROOT || ((this.#flags[node] ?? 0) & IS_KNOWN) !== 0;
  }

  #learn(node: number): void {
    const isOutermost = !this.#isLearning;
    if (isOutermost) this.#makeRoom();
    this.#isLearning = true;
    const unknown: number[] = [];
    for (let at = node; !this.#isKnown(at); at = this.#parentOf(at)) unknown.push(at);
    for (const at of unknown.toReversed()) this.#learnFromParent(at);
    this.#learned += unknown.length;
    if (isOutermost) this.#isLearning = false;
  }

  /** Forgets all links, at most as often as keeps what is learned anew for a byte at a few nodes on the average. */
  #makeRoom(): void {
    this.#lessons++;
    if (this.#links.size <= this.#maxPages || this.#lessons < this.#learned) return;
    this.#links.clear();
    for (let at = 0; at < this.#flags.length; at++) this.#flags[at] = (this.#flags[at] ?? 0) & ~IS_KNOWN;
    [this.#lessons, this.#learned] = [0, 0];
  }

  #learnFromParent(node: number): void {
    const parent = this.#parentOf(node);
    const byte = this.#bytes[node] ?? 0;
    let suffix = ROOT;
    for (let shorter = parent; shorter !== ROOT && suffix === ROOT;) {
      shorter = this.suffix(shorter);
      suffix = this.child(shorter, byte);
    }
    const end = ((this.#flags[node] ?? 0) & IS_END) === 0 ? this.longestEnd(suffix) : node;
    const links = this.#pageOf(node);
    links[node & IN_PAGE] = suffix;
    links[PAGE + (node & IN_PAGE)] = end;
    this.#flag(node, IS_KNOWN);
  }

  #pageOf(node: number): Int32Array {
    const page = node >> PAGE_BITS;
    const links = this.#links.get(page) ?? new Int32Array(2 * PAGE);
    this.#links.set(page, links);
    return links;
  }

  #parentOf(node: number): number {
    return ((this.#flags[node] ?? 0) & IS_FIRST) === 0 ? node - 1 : this.#runOf(node).parent;
  }

  #runOf(node: number): Run {
    let low = 0;
    for (let high = this.#runs.length; high - low > 1;) {
      const middle = (low + high) >> 1;
      if ((this.#runs[middle]?.first ?? Infinity) <= node) low = middle;
      else high = middle;
    }
    const run = this.#runs[low];
    if (run === undefined) throw new Error('A tree without patterns has no such node');
    return run;
  }
}
