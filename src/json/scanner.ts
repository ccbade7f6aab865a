import { JsonProblem, type JsonLimits } from './limits.ts';
import { Utf8Check } from './utf8.ts';
import { NUMBER_STARTS, numberStep, isWholeNumber, type NumberState } from './number-grammar.ts';

/** What a scanner tells of the text, in the order in which it is written. */
export interface JsonSink {
  open(kind: 'list' | 'object'): void;
  close(): void;
  /** The most bytes that one token may have that is handed over; all of them are held until it ends. */
  readonly maxTokenBytes: number;
  /** Whether the bytes of the value that begins here are needed, when it is a string. */
  wantsString(): boolean;
  /**
   * A whole string, number or word. `bytes` is the token as it is written, with its quotes, and valid only during the call; null
   * for a string that was not wanted. `start` and `end` say where it stands in the text.
   */
  scalar(bytes: Buffer | null, start: number, end: number): void;
  key(bytes: Buffer): void;
}

type Expected = 'value' | 'valueOrEnd' | 'keyOrEnd' | 'key' | 'colon' | 'commaOrEnd' | 'nothing';
type Within = 'nothing' | 'string' | 'escape' | 'hex' | 'number' | 'word';

const [QUOTE, BACKSLASH, COMMA, COLON, SMALL_U] = [0x22, 0x5c, 0x2c, 0x3a, 0x75];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];
const SPACES = new Set([0x20, 0x09, 0x0a, 0x0d]);
const ESCAPED = new Set(Buffer.from('"\\/bfnrt'));
const WORDS = new Map(['true', 'false', 'null'].map((word) => [word.charCodeAt(0), Buffer.from(word)]));
/** Of a number; what is longer has more digits than any reader keeps. */
const MAX_NUMBER_BYTES = 1_024;
const NO_BYTES = Buffer.alloc(0);

/**
 * Reads JSON in UTF-8 piece by piece and holds it to limits while it comes: it accepts what `JSON.parse` accepts, and of that
 * only what is within the limits. It holds no more than the token under way. Throws `JsonProblem` at the first byte that is
 * one too many.
 */
export class JsonScanner {
  readonly #limits: JsonLimits;
  readonly #sink: JsonSink | null;
  /** The closing brackets that are still to come. */
  readonly #closing: number[] = [];
  readonly #counts = { containers: 0, scalars: 0, keys: 0 };
  #expected: Expected = 'value';
  #within: Within = 'nothing';
  #isKey = false;
  #isWanted = false;
  #hexDigits = 0;
  #number: NumberState = 'minus';
  #word = NO_BYTES;
  #wordAt = 0;
  /** Of the pieces before this one. */
  #passedBytes = 0;
  #tokenStart = 0;
  /** What earlier pieces have of the token. */
  #held: Buffer[] = [];
  readonly #utf8 = new Utf8Check();

  constructor(limits: JsonLimits, sink: JsonSink | null = null) {
    this.#limits = limits;
    this.#sink = sink;
  }

  push(piece: Buffer): void {
    if (!this.#utf8.push(piece)) throw new JsonProblem('invalid', 'is not valid JSON: it is not UTF-8');
    for (let at = 0; at < piece.length;) {
      switch (this.#within) {
        case 'nothing':
          at = this.#between(piece, at);
          break;
        case 'string':
          at = this.#string(piece, at);
          break;
        case 'escape':
          at = this.#escape(piece, at);
          break;
        case 'hex':
          at = this.#hex(piece, at);
          break;
        case 'number':
          at = this.#inNumber(piece, at);
          break;
        case 'word':
          at = this.#inWord(piece, at);
      }
    }
    this.#holdRest(piece);
    this.#passedBytes += piece.length;
  }

  /** Throws unless the text is whole. */
  end(): void {
    if (this.#within === 'number') this.#endNumber(NO_BYTES, 0);
    if (!this.#utf8.isWhole() || this.#within !== 'nothing' || this.#expected !== 'nothing') {
      throw new JsonProblem('invalid', 'is not valid JSON: it ends too early');
    }
  }

  #between(piece: Buffer, start: number): number {
    let at = start;
    while (at < piece.length && SPACES.has(piece[at] as number)) at += 1;
    if (at === piece.length) return at;
    const byte = piece[at] as number;
    switch (this.#expected) {
      case 'valueOrEnd':
        if (byte === CLOSE_LIST) return this.#close(at);
        return this.#value(byte, at);
      case 'value':
        return this.#value(byte, at);
      case 'keyOrEnd':
        if (byte === CLOSE_OBJECT) return this.#close(at);
        return this.#key(byte, at);
      case 'key':
        return this.#key(byte, at);
      case 'colon':
        if (byte !== COLON) throw this.#invalid(at);
        this.#expected = 'value';
        return at + 1;
      case 'commaOrEnd': {
        const closing = this.#closing.at(-1);
        if (byte === closing) return this.#close(at);
        if (byte !== COMMA) throw this.#invalid(at);
        this.#expected = closing === CLOSE_LIST ? 'value' : 'key';
        return at + 1;
      }
      case 'nothing':
        throw this.#invalid(at);
    }
  }

  #value(byte: number, at: number): number {
    if (byte === OPEN_LIST || byte === OPEN_OBJECT) return this.#open(byte, at);
    this.#count('scalars', 'texts, numbers and other values');
    const word = WORDS.get(byte);
    this.#isKey = false;
    this.#isWanted = this.#sink !== null;
    this.#tokenStart = this.#passedBytes + at;
    if (byte === QUOTE) {
      this.#isWanted = this.#sink?.wantsString() ?? false;
      this.#within = 'string';
    } else if (word !== undefined) {
      this.#within = 'word';
      this.#word = word;
      this.#wordAt = 1;
    } else {
      const number = NUMBER_STARTS.get(byte);
      if (number === undefined) throw this.#invalid(at);
      this.#within = 'number';
      this.#number = number;
    }
    return at + 1;
  }

  #open(byte: number, at: number): number {
    const isList = byte === OPEN_LIST;
    this.#count('containers', 'lists and objects');
    if (this.#closing.length === this.#limits.depth)
      throw tooMuch(`is nested deeper than ${this.#limits.depth} levels`);
    this.#closing.push(isList ? CLOSE_LIST : CLOSE_OBJECT);
    this.#expected = isList ? 'valueOrEnd' : 'keyOrEnd';
    this.#sink?.open(isList ? 'list' : 'object');
    return at + 1;
  }

  #close(at: number): number {
    this.#closing.pop();
    this.#sink?.close();
    this.#afterValue();
    return at + 1;
  }

  #key(byte: number, at: number): number {
    if (byte !== QUOTE) throw this.#invalid(at);
    this.#count('keys', 'fields');
    this.#within = 'string';
    this.#isKey = true;
    this.#isWanted = this.#sink !== null;
    this.#tokenStart = this.#passedBytes + at;
    return at + 1;
  }

  #string(piece: Buffer, start: number): number {
    let at = start;
    let byte = 0;
    // Contents of files are long, and this is all that is done with most bytes.
    for (; at < piece.length; at += 1) {
      byte = piece[at] as number;
      if (byte === QUOTE || byte === BACKSLASH || byte < 0x20) break;
    }
    if (this.#isKey && this.#passedBytes + at - this.#tokenStart - 1 > this.#limits.keyBytes) {
      throw tooMuch(`has a field whose name is longer than ${this.#limits.keyBytes} bytes`);
    }
    if (at === piece.length) return at;
    if (byte === BACKSLASH) this.#within = 'escape';
    else if (byte === QUOTE) this.#endToken(piece, at + 1);
    else throw this.#invalid(at);
    return at + 1;
  }

  #escape(piece: Buffer, at: number): number {
    const byte = piece[at] as number;
    if (byte === SMALL_U) {
      this.#within = 'hex';
      this.#hexDigits = 0;
    } else if (ESCAPED.has(byte)) this.#within = 'string';
    else throw this.#invalid(at);
    return at + 1;
  }

  #hex(piece: Buffer, at: number): number {
    if (!isHexDigit(piece[at] as number)) throw this.#invalid(at);
    this.#hexDigits += 1;
    if (this.#hexDigits === 4) this.#within = 'string';
    return at + 1;
  }

  #inNumber(piece: Buffer, start: number): number {
    for (let at = start; at < piece.length; at += 1) {
      const next = numberStep(this.#number, piece[at] as number);
      if (next === null) {
        this.#endNumber(piece, at);
        return at;
      }
      this.#number = next;
      if (this.#passedBytes + at - this.#tokenStart >= MAX_NUMBER_BYTES) {
        throw tooMuch(`has a number that is longer than ${MAX_NUMBER_BYTES} bytes`);
      }
    }
    return piece.length;
  }

  #endNumber(piece: Buffer, at: number): void {
    if (!isWholeNumber(this.#number)) throw this.#invalid(at);
    this.#endToken(piece, at);
  }

  #inWord(piece: Buffer, at: number): number {
    if (piece[at] !== this.#word[this.#wordAt]) throw this.#invalid(at);
    this.#wordAt += 1;
    if (this.#wordAt === this.#word.length) this.#endToken(piece, at + 1);
    return at + 1;
  }

  /** `end` is the place after the token in this piece. */
  #endToken(piece: Buffer, end: number): void {
    this.#within = 'nothing';
    const sink = this.#sink;
    if (sink === null) {
      this.#afterToken();
      return;
    }
    if (this.#isWanted) this.#requireShort(end);
    const bytes = this.#isWanted ? this.#tokenBytes(piece, end) : null;
    this.#held = [];
    const isKey = this.#isKey;
    this.#afterToken();
    if (isKey && bytes !== null) sink.key(bytes);
    else sink.scalar(bytes, this.#tokenStart, this.#passedBytes + end);
  }

  #tokenBytes(piece: Buffer, end: number): Buffer {
    const here = piece.subarray(Math.max(0, this.#tokenStart - this.#passedBytes), end);
    return this.#held.length === 0 ? here : Buffer.concat([...this.#held, here]);
  }

  #afterToken(): void {
    if (this.#isKey) this.#expected = 'colon';
    else this.#afterValue();
  }

  #afterValue(): void {
    this.#expected = this.#closing.length === 0 ? 'nothing' : 'commaOrEnd';
  }

  /** Whoever pushes may fill the piece's memory with the next one. */
  #holdRest(piece: Buffer): void {
    if (this.#within === 'nothing' || !this.#isWanted) return;
    this.#requireShort(piece.length);
    this.#held.push(Buffer.from(piece.subarray(Math.max(0, this.#tokenStart - this.#passedBytes))));
  }

  #requireShort(end: number): void {
    const most = this.#sink?.maxTokenBytes ?? Infinity;
    if (this.#passedBytes + end - this.#tokenStart > most)
      throw tooMuch(`has a text that is longer than ${most} bytes`);
  }

  #count(what: 'containers' | 'scalars' | 'keys', words: string): void {
    this.#counts[what] += 1;
    if (this.#counts[what] > this.#limits[what]) throw tooMuch(`has more than ${this.#limits[what]} ${words}`);
  }

  #invalid(at: number): JsonProblem {
    return new JsonProblem('invalid', `is not valid JSON at byte ${this.#passedBytes + at}`);
  }
}

function tooMuch(words: string): JsonProblem {
  return new JsonProblem('too_much', words);
}

function isHexDigit(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
}
