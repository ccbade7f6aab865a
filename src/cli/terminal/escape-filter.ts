import { showHidden } from './hidden.ts';

/*
 * What an agent prints must not reach a terminal as it is: escape sequences fill the clipboard (OSC 52), set titles, answer
 * as if somebody typed, and move the cursor over what was printed before. Colours (SGR) pass, but for the one that hides.
 * Characters that hide, or turn around, are shown by their numbers. Source: ECMA-48, xterm's ctlseqs.
 */

/** Where in a sequence the text so far has ended: a record can be cut anywhere. */
type Place = 'text' | 'escape' | 'intermediate' | 'control' | 'string' | 'string-escape';

const COLOUR = /^[\d;:]*m$/;
const RESET = '\u001b[0m';
/** A control sequence that goes on for longer is none that a terminal knows. */
const MAX_SEQUENCE = 256;
const PRINTABLE_RUN = /[^\p{Cc}]+/uy;

/** Lets through text, tabs and, where wanted, colours, across the pieces that it is given. */
export class EscapeFilter {
  readonly #keepsColours: boolean;
  #place: Place = 'text';
  #sequence = '';
  #isColoured = false;
  /** What comes next is drawn over what is there. */
  #hasReturned = false;
  #isLineEmpty = true;

  constructor({ keepsColours }: { keepsColours: boolean }) {
    this.#keepsColours = keepsColours;
  }

  /** A piece of a line. */
  pass(text: string): string {
    let passed = '';
    for (let at = 0; at < text.length;) {
      if (this.#place === 'text') {
        PRINTABLE_RUN.lastIndex = at;
        const run = PRINTABLE_RUN.exec(text)?.[0] ?? '';
        if (run !== '') passed += this.#show(run);
        at += run.length;
        if (at >= text.length) break;
      }
      passed += this.#take(text[at] ?? '');
      at += 1;
    }
    return passed;
  }

  /** At the end of a line: what is unfinished ends with it, and colours do not run into the next line of somebody else. */
  endLine(): string {
    this.#place = 'text';
    const reset = this.#isColoured ? RESET : '';
    this.#isColoured = this.#hasReturned = false;
    this.#isLineEmpty = true;
    return reset;
  }

  #take(character: string): string {
    switch (this.#place) {
      case 'text':
        return this.#inText(character);
      case 'escape':
        this.#place = afterEscape(character);
        this.#sequence = '';
        return '';
      case 'intermediate':
        if (!/[ -/]/.test(character)) this.#place = 'text';
        return '';
      case 'control':
        return this.#inControl(character);
      case 'string':
        if (character === '\u0007' || character === '\u009c') this.#place = 'text';
        else if (character === '\u001b') this.#place = 'string-escape';
        return '';
      case 'string-escape':
        this.#place = character === '\\' ? 'text' : 'string';
        return '';
    }
  }

  #inText(character: string): string {
    if (character === '\t') return this.#show(character);
    if (character === '\r') this.#hasReturned = true;
    else if (character === '\u001b') this.#place = 'escape';
    else if (character === '\u009b') this.#startControl();
    else if (/[\u0090\u0098\u009d\u009e\u009f]/.test(character)) this.#place = 'string';
    return '';
  }

  /**
   * A carriage return would let a line be written over: programs that draw progress get a line for each state, once the
   * next one comes, as the line may also end there.
   */
  #show(run: string): string {
    const isNewState = this.#hasReturned && !this.#isLineEmpty;
    this.#hasReturned = this.#isLineEmpty = false;
    const shown = showHidden(run);
    return isNewState ? `\n${shown}` : shown;
  }

  #startControl(): void {
    this.#place = 'control';
    this.#sequence = '';
  }

  #inControl(character: string): string {
    if (character === '\u001b') {
      this.#place = 'escape';
      return '';
    }
    this.#sequence += character;
    if (this.#sequence.length > MAX_SEQUENCE) this.#place = 'text';
    if (!/[@-~]/.test(character)) return '';
    this.#place = 'text';
    if (!this.#keepsColours || !COLOUR.test(this.#sequence) || conceals(this.#sequence)) return '';
    this.#isColoured = !/^0*m$/.test(this.#sequence);
    return `\u001b[${this.#sequence}`;
  }
}

/** Whether a colour is the one that shows nothing (8); what follows 38, 48 and 58 is the number of another one. */
function conceals(sequence: string): boolean {
  const codes = sequence.slice(0, -1).split(';');
  for (let at = 0; at < codes.length; at++) {
    if (/^[345]8$/.test(codes[at] ?? '')) at += codes[at + 1] === '2' ? 4 : 2;
    else if (/^0*8$/.test(codes[at] ?? '')) return true;
  }
  return false;
}

function afterEscape(character: string): Place {
  if (character === '[') return 'control';
  // OSC, DCS, SOS, PM, APC: a text up to ST or BEL.
  if (/[\]PX^_]/.test(character)) return 'string';
  if (character === '\u001b') return 'escape';
  return /[ -/]/.test(character) ? 'intermediate' : 'text';
}
