/** What terminals are told with begins with it. */
export const ESCAPE = 0x1b;
/** Longer than any that sets colours and the like. */
const MAX_BYTES = 32;

/**
 * One control sequence in a stream of bytes (ECMA-48: `ESC [` with parameters and a final byte, or `ESC` with a final byte), such
 * as those between which `grep --color` puts what it has found.
 */
export class TerminalCode {
  /** Bytes taken so far; 0: none is under way. */
  #length = 0;
  #hasParameters = false;

  get isOpen(): boolean {
    return this.#length > 0;
  }

  /** Takes the next byte, the first of which is ESC. False when the sequence cannot go on with it: then none is under way. */
  take(byte: number): boolean {
    this.#length++;
    if (this.#length === 1) return true;
    if (this.#length === 2) this.#hasParameters = byte === 0x5b;
    const [isBracket, isInner] = [this.#length === 2 && this.#hasParameters, byte >= 0x20 && byte < 0x30];
    const isParameter = this.#hasParameters && byte >= 0x30 && byte < 0x40;
    const isFinal = !isBracket && byte >= (this.#hasParameters ? 0x40 : 0x30) && byte < 0x7f;
    const goesOn = (isBracket || isInner || isParameter) && this.#length < MAX_BYTES;
    if (!goesOn) this.reset();
    return goesOn || isFinal;
  }

  reset(): void {
    this.#length = 0;
    this.#hasParameters = false;
  }
}
