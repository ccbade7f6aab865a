import { JsonProblem, type JsonLimits } from './limits.ts';
import { JsonScanner } from './scanner.ts';

const [QUOTE, BACKSLASH, SMALL_T, SMALL_F, SMALL_N] = [0x22, 0x5c, 0x74, 0x66, 0x6e];

/** A string that was left where it is: the place of its inside, without the quotes, in the text. */
export class TextPlace {
  readonly start: number;
  readonly end: number;

  constructor(start: number, end: number) {
    this.start = start;
    this.end = end;
  }
}

export interface ReaderLimits extends JsonLimits {
  /** Bytes of one string or name that is kept, with its quotes. */
  textBytes: number;
  /** Bytes of all strings, numbers and names that are kept, as they are written. */
  keptBytes: number;
}

/**
 * Makes the value of a JSON text that comes piece by piece, as `JSON.parse` does, but for the strings in fields of one name in
 * objects of lists: those stay in the text, and a `TextPlace` says where. Throws `JsonProblem`.
 */
export class JsonReader {
  readonly #scanner: JsonScanner;
  readonly #limits: ReaderLimits;
  readonly #leftOut: string;
  readonly #open: (unknown[] | Record<string, unknown>)[] = [];
  #key = '';
  #keptBytes = 0;
  #result: unknown;

  constructor(limits: ReaderLimits, options: { leaveOut: string }) {
    this.#limits = limits;
    this.#leftOut = options.leaveOut;
    this.#scanner = new JsonScanner(limits, {
      maxTokenBytes: limits.textBytes,
      open: (kind) => {
        const value = kind === 'list' ? [] : {};
        this.#put(value);
        this.#open.push(value);
      },
      close: () => void this.#open.pop(),
      wantsString: () => !this.#isLeftOut(),
      scalar: (bytes, start, end) => this.#put(bytes === null ? new TextPlace(start + 1, end - 1) : this.#parse(bytes)),
      key: (bytes) => (this.#key = this.#parse(bytes) as string),
    });
  }

  push(piece: Buffer): void {
    this.#scanner.push(piece);
  }

  /** The value. */
  end(): unknown {
    this.#scanner.end();
    return this.#result;
  }

  #isLeftOut(): boolean {
    return this.#key === this.#leftOut && !Array.isArray(this.#open.at(-1)) && Array.isArray(this.#open.at(-2));
  }

  #parse(bytes: Buffer): unknown {
    this.#keptBytes += bytes.length;
    if (this.#keptBytes > this.#limits.keptBytes) {
      throw new JsonProblem(
        'too_much',
        `has more than ${this.#limits.keptBytes} bytes beside the values of "${this.#leftOut}"`,
      );
    }
    return valueOf(bytes);
  }

  #put(value: unknown): void {
    const holder = this.#open.at(-1);
    if (holder === undefined) this.#result = value;
    else if (Array.isArray(holder)) holder.push(value);
    // An ordinary assignment would change what the object is made of.
    else if (this.#key === '__proto__')
      Object.defineProperty(holder, this.#key, { value, enumerable: true, configurable: true, writable: true });
    else holder[this.#key] = value;
  }
}

/** Of a token that a scanner has found to be right. */
function valueOf(bytes: Buffer): unknown {
  switch (bytes[0] ?? 0) {
    case QUOTE:
      // Only an escape makes a string something else than what stands there.
      return bytes.includes(BACKSLASH) ? JSON.parse(bytes.toString()) : bytes.toString('utf8', 1, bytes.length - 1);
    case SMALL_T:
      return true;
    case SMALL_F:
      return false;
    case SMALL_N:
      return null;
    default:
      return Number(bytes.toString('latin1'));
  }
}
