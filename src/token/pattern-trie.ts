import { PatternLinks } from './pattern-links.ts';

export interface Text {
  bytes: Buffer;
  /** It counts also from each of these of its bytes on, in ascending order, none of them 0 or its end. */
  rests?: readonly number[];
}

/** Where a node lies: on the way of this entry, after so many of its bytes. */
export interface Place {
  entry: number;
  depth: number;
}

export const ROOT = 0;

const NONE = -1;
/** Of a run whose suffixes are known without it, the end is kept of so many nodes: more than a token has. */
const KEPT_NODES = 4_096;
/** A power of two. */
const RECENT = 256;
/** Nodes that follow one another share an entry of what is recent. */
const RECENT_BITS = 4;

/**
 * Texts as one tree of bytes with suffix links, by Aho and Corasick: how many there are does not matter to who walks it.
 * An entry is a text, or a rest of one; entries are numbered by length. The nodes that an entry adds are a run: they have no memory of their own, but follow one another in number as the entry's bytes do. So
 * the tree takes the bytes of its texts, each once, and some 40 for each entry. Links are worked out where a walk comes
 * along, so that long texts cost little until they are met; what was learned of late is kept for all who walk the same tree.
 */
export class PatternTrie {
  /** All texts, one after another. */
  readonly #bytes: Buffer;
  /** By entry: where its bytes begin and end. */
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  /** By entry: the one that is the same without its first byte. */
  readonly #shorter: Int32Array;
  /** By entry: the run that its last byte is in. */
  readonly #lastRun: Int32Array;

  #runs = 0;
  /** By run: its first node; then the first that there is not. */
  readonly #first: Int32Array;
  /** By run: the node that it branches off, and the depth of that. */
  readonly #parent: Int32Array;
  readonly #parentDepth: Int32Array;
  /** By run: the entry that has added it. */
  readonly #entry: Int32Array;
  /** By run: whether another goes on where it ends. */
  readonly #goesOn: Uint8Array;
  /** By run: what a node's number is to be added to, for the place of its byte. */
  readonly #shift: Int32Array;
  /** By first byte. */
  readonly #tops = new Int32Array(256);
  /** Runs that branch off, found by node and byte: a table with open addressing of run + 1. */
  readonly #branches: Int32Array;
  /** Runs that were looked for of late, by some bits of the node. */
  readonly #recent = new Int32Array(RECENT);
  readonly #links: PatternLinks;
  #isLearning = false;

  /** None of the texts empty. `manyLinks`: see `PatternLinks`. */
  constructor(texts: readonly Text[], manyLinks?: number) {
    const byLength = texts.flatMap((text, index) => lengthsOf(text).map((length) => ({ index, length })));
    byLength.sort((a, b) => a.length - b.length);
    const count = byLength.length;
    this.#bytes = Buffer.concat(texts.map(({ bytes }) => bytes));
    this.#starts = new Int32Array(count);
    this.#ends = new Int32Array(count);
    this.#shorter = new Int32Array(count);
    this.#lastRun = new Int32Array(count);
    this.#first = new Int32Array(count + 1).fill(1, 0, 1);
    this.#parent = new Int32Array(count);
    this.#parentDepth = new Int32Array(count);
    this.#entry = new Int32Array(count);
    this.#shift = new Int32Array(count);
    this.#goesOn = new Uint8Array(count);
    this.#branches = new Int32Array(2 ** Math.ceil(Math.log2(2 * count + 1)));
    this.#links = new PatternLinks(count, manyLinks);

    const endOf = new Int32Array(texts.length);
    let end = 0;
    for (const [index, { bytes }] of texts.entries()) endOf[index] = end += bytes.length;
    // What is shorter comes before.
    const latest = new Int32Array(texts.length).fill(NONE);
    for (const [entry, { index, length }] of byLength.entries()) {
      const [before = NONE, endsAt = 0] = [latest[index], endOf[index]];
      this.#ends[entry] = endsAt;
      this.#starts[entry] = endsAt - length;
      this.#shorter[entry] = before !== NONE && this.#starts[before] === endsAt - length + 1 ? before : NONE;
      latest[index] = entry;
      this.#add(entry);
    }
  }

  get entries(): number {
    return this.#starts.length;
  }

  /** What it was made of: two trees in which this is the same are the same. */
  get content(): readonly (Buffer | Int32Array)[] {
    return [this.#bytes, this.#starts, this.#ends];
  }

  bytesOf(entry: number): Buffer {
    return this.#bytes.subarray(this.#starts[entry], this.#ends[entry]);
  }

  /** `ROOT` where no text goes on with this byte. */
  child(node: number, byte: number): number {
    if (node === ROOT) return this.#tops[byte] ?? ROOT;
    const run = this.#runOf(node);
    const isLast = node + 1 === this.#first[run + 1];
    if (!isLast && this.#bytes[(this.#shift[run] ?? 0) + node + 1] === byte) return node + 1;
    return isLast && this.#goesOn[run] === 0 ? ROOT : this.#branch(node, byte);
  }

  /** Whether a text is longer than the bytes up to this node. Not of `ROOT`. */
  goesOn(node: number): boolean {
    const run = this.#runOf(node);
    return node + 1 !== this.#first[run + 1] || this.#goesOn[run] === 1;
  }

  /** The node of the longest beginning of an entry that this one's bytes end with, itself left out. */
  suffix(node: number): number {
    if (node === ROOT) return ROOT;
    const run = this.#runOf(node);
    const shorter = this.#shorterOf(run);
    if (shorter === NONE) return this.#links.suffix(run, this.#learned(run, node));
    const depth = this.#depthOf(run, node) - 1;
    return depth === 0 ? ROOT : this.#nodeOf(this.#runAt(shorter, depth), depth);
  }

  /** The node of the longest whole entry that this one's bytes end with, itself included; `ROOT` when none. */
  longestEnd(node: number): number {
    if (node === ROOT) return ROOT;
    const run = this.#runOf(node);
    // An entry that is the beginning of another came before it: entries end where their runs do.
    if (node + 1 === this.#first[run + 1]) return node;
    const nth = node - (this.#first[run] ?? 0);
    if (nth < this.#links.known(run)) return this.#links.longestEnd(run, nth);
    if (this.#shorterOf(run) === NONE) return this.#links.longestEnd(run, this.#learned(run, node));
    const suffix = this.suffix(node);
    const end = this.longestEnd(suffix);
    if (nth < KEPT_NODES && nth === this.#links.known(run)) this.#links.add(run, suffix, end);
    return end;
  }

  /** Not of `ROOT`. */
  placeOf(node: number): Place {
    const run = this.#runOf(node);
    return { entry: this.#entry[run] ?? 0, depth: this.#depthOf(run, node) };
  }

  #add(entry: number): void {
    const [start = 0, end = 0] = [this.#starts[entry], this.#ends[entry]];
    let [node, at] = [ROOT, start];
    for (let next = ROOT; at < end; node = next) {
      next = this.child(node, this.#bytes[at] ?? 0);
      if (next === ROOT) break;
      const run = this.#runOf(next);
      const [last, shift] = [(this.#first[run + 1] ?? 0) - 1, this.#shift[run] ?? 0];
      for (at++; at < end && next < last && this.#bytes[shift + next + 1] === this.#bytes[at]; at++) next++;
    }
    if (at < end) this.#addRun(entry, node, at);
    this.#lastRun[entry] = at < end ? this.#runs - 1 : this.#runOf(node);
  }

  /** With the bytes of the entry from `at` on. */
  #addRun(entry: number, parent: number, at: number): void {
    const run = this.#runs++;
    const first = this.#first[run] ?? 0;
    const byte = this.#bytes[at] ?? 0;
    this.#first[run + 1] = first + (this.#ends[entry] ?? 0) - at;
    this.#parent[run] = parent;
    this.#parentDepth[run] = at - (this.#starts[entry] ?? 0);
    this.#entry[run] = entry;
    this.#shift[run] = at - first;
    if (parent === ROOT) this.#tops[byte] = first;
    else {
      const before = this.#runOf(parent);
      if (parent + 1 === this.#first[before + 1]) this.#goesOn[before] = 1;
      this.#branches[this.#slotOf(parent, byte)] = run + 1;
    }
  }

  #branch(node: number, byte: number): number {
    const run = (this.#branches[this.#slotOf(node, byte)] ?? 0) - 1;
    return run === NONE ? ROOT : (this.#first[run] ?? ROOT);
  }

  /** Where the table has the run, or has room for it. */
  #slotOf(node: number, byte: number): number {
    const mask = this.#branches.length - 1;
    let slot = Math.imul(Math.imul(node, 0x9e3779b1) ^ byte, 0x85ebca6b) >>> 8;
    for (slot &= mask; this.#branches[slot] !== 0; slot = (slot + 1) & mask) {
      const run = (this.#branches[slot] ?? 0) - 1;
      const isIt = this.#parent[run] === node && this.#byteOf(run, this.#first[run] ?? 0) === byte;
      if (isIt) break;
    }
    return slot;
  }

  /** The run that an entry's way is in after so many of its bytes, one or more. */
  #runAt(entry: number, depth: number): number {
    let run = this.#lastRun[entry] ?? 0;
    while ((this.#parentDepth[run] ?? 0) >= depth) run = this.#runOf(this.#parent[run] ?? 0);
    return run;
  }

  /** The node of a run that has this depth. */
  #nodeOf(run: number, depth: number): number {
    return (this.#first[run] ?? 0) + depth - (this.#parentDepth[run] ?? 0) - 1;
  }

  #shorterOf(run: number): number {
    return this.#shorter[this.#entry[run] ?? 0] ?? NONE;
  }

  #depthOf(run: number, node: number): number {
    return (this.#parentDepth[run] ?? 0) + node - (this.#first[run] ?? 0) + 1;
  }

  #byteOf(run: number, node: number): number {
    return this.#bytes[(this.#shift[run] ?? 0) + node] ?? 0;
  }

  #isKnown(run: number, node: number): boolean {
    return this.#shorterOf(run) !== NONE || node - (this.#first[run] ?? 0) < this.#links.known(run);
  }

  /** Sees to it that the node is known. Gives its place in its run. */
  #learned(run: number, node: number): number {
    const nth = node - (this.#first[run] ?? 0);
    if (nth < this.#links.known(run)) return nth;
    if (this.#isLearning) this.#learnTo(run, node);
    else {
      this.#links.makeRoom();
      this.#isLearning = true;
      this.#learnTo(run, node);
      this.#isLearning = false;
    }
    return nth;
  }

  #learnTo(run: number, node: number): void {
    // A walk goes on by one.
    if (node > (this.#first[run] ?? 0) && this.#isKnown(run, node - 1)) return this.#learn(run, node);
    const unknown: number[] = [];
    for (let at = node; at !== ROOT && !this.#isKnown(this.#runOf(at), at); at = this.#parentOf(at)) unknown.push(at);
    for (let at = unknown.pop(); at !== undefined; at = unknown.pop()) this.#learn(this.#runOf(at), at);
  }

  /** Of a node whose parent is known. */
  #learn(run: number, node: number): void {
    const nth = node - (this.#first[run] ?? 0);
    const byte = this.#byteOf(run, node);
    const parent = nth === 0 ? (this.#parent[run] ?? ROOT) : node - 1;
    let shorter = parent;
    let suffix = ROOT;
    while (shorter !== ROOT && suffix === ROOT) {
      shorter = shorter === parent && nth > 0 ? this.#links.suffix(run, nth - 1) : this.suffix(shorter);
      suffix = this.child(shorter, byte);
    }
    this.#links.add(run, suffix, this.longestEnd(suffix));
  }

  #parentOf(node: number): number {
    const run = this.#runOf(node);
    return node === this.#first[run] ? (this.#parent[run] ?? ROOT) : node - 1;
  }

  /** Of any node but `ROOT`. */
  #runOf(node: number): number {
    const slot = (node >>> RECENT_BITS) & (RECENT - 1);
    const recent = this.#recent[slot] ?? 0;
    if (node >= (this.#first[recent] ?? 0) && node < (this.#first[recent + 1] ?? 0)) return recent;
    let low = 0;
    for (let high = this.#runs; high - low > 1;) {
      const middle = (low + high) >> 1;
      if ((this.#first[middle] ?? 0) <= node) low = middle;
      else high = middle;
    }
    this.#recent[slot] = low;
    return low;
  }
}

function lengthsOf({ bytes, rests = [] }: Text): number[] {
  return [bytes.length, ...rests.map((from) => bytes.length - from)];
}
