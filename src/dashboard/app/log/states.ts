import { carriedBehind } from './colours.ts';

/** What a page keeps of a line: the states that it was drawn in, at most the last one when there were many. */
export interface States {
  /** With a carriage return between two states. */
  text: string;
  /** Colours that are on before `text`. */
  carried: string;
  /** Characters at the end of the last state that are not kept. */
  more: number;
  /** States before `text`, over which the line was drawn. */
  overdrawn: number;
}

/** Of one state, as much as a record holds; all of it is in the log. */
const MAX_STATE_CHARS = 64 * 1024;
/** So few states, and short ones, are all shown: a line that is drawn over once may be made to fool its reader. */
const MAX_SHOWN = 4;
const MAX_SHOWN_CHARS = 1_000;
/** The cursor goes to the first column, as by a carriage return. */
// oxlint-disable-next-line no-control-regex -- that is how a line is drawn over
const FIRST_COLUMN = /\u001b\[1?G/g;
const RETURN = '\r';

/** The line with its next piece. Costs what the piece and what is kept cost, however long the line is. */
export function withPiece(line: States, piece: string): States {
  const next = piece.replace(FIRST_COLUMN, RETURN);
  // Nearly every line is whole and drawn once.
  if (line.text === '' && !next.includes(RETURN)) return { ...line, ...cut(next) };
  const isFull = line.more > 0 && !line.text.endsWith(RETURN);
  const from = isFull ? next.indexOf(RETURN) : 0;
  if (from === -1) return { ...line, more: line.more + next.length };
  const text = line.text + next.slice(from);
  const { count, start, end } = lastState(text);
  const isBar = line.overdrawn > 0 || count > MAX_SHOWN || start > MAX_SHOWN_CHARS;
  const first = isBar ? start : 0;
  const kept = Math.min(end, start + MAX_STATE_CHARS);
  // What comes after a return is another state, also when it comes later.
  const isOver = text.indexOf(RETURN, end) !== -1;
  return {
    text: text.slice(first, kept) + (isOver ? RETURN : ''),
    carried: first === 0 ? line.carried : carriedBehind(text.slice(0, first), line.carried),
    // What was not kept of a state is known no more.
    more: line.more > 0 && start < line.text.length ? line.more + from : end - kept,
    overdrawn: line.overdrawn + (isBar ? Math.max(0, count - 1) : 0),
  };
}

function cut(text: string): Pick<States, 'text' | 'more'> {
  return { text: text.slice(0, MAX_STATE_CHARS), more: Math.max(0, text.length - MAX_STATE_CHARS) };
}

/** The last state that is not blank, and how many there are of those; where there is none, what comes after the last return. */
function lastState(text: string): { count: number; start: number; end: number } {
  const last = { count: 0, start: text.lastIndexOf(RETURN) + 1, end: text.length };
  for (let start = 0; start <= text.length;) {
    const found = text.indexOf(RETURN, start);
    const end = found === -1 ? text.length : found;
    if (end > start && text.slice(start, end).trim() !== '') {
      last.count++;
      last.start = start;
      last.end = end;
    }
    start = end + 1;
  }
  return last;
}
