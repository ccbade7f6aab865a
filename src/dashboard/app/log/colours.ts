import Anser from 'anser';

/** A piece of a line in one colour. `color` and `background` are CSS colours that no class has. */
export interface Piece {
  text: string;
  classes: string;
  color: string | null;
  background: string | null;
}

/* oxlint-disable no-control-regex -- that is how colours come */
const COLOUR = /\u001b\[[\d;:]*m/g;
const RESET = /^\u001b\[0*m$/;
/* oxlint-enable no-control-regex */
/** Colours that are never reset are forgotten rather than carried on for ever. */
const MAX_CARRIED = 100;
/** The others would hide what is there, or make it blink. */
const DECORATIONS: string[] = ['bold', 'dim', 'italic', 'underline', 'strikethrough', 'reverse'];

/** The pieces of a line that is `visible`. `carried`: colours that lines before have left on. */
export function piecesOf(text: string, carried: string): Piece[] {
  return new Anser()
    .ansiToJson(carried + text, { json: true, use_classes: true, remove_empty: true })
    .map(({ content, fg, bg, fg_truecolor, bg_truecolor, decorations }) => ({
      text: content,
      classes: [
        ...(classOf(fg) ? [fg] : []),
        ...(classOf(bg) ? [`${bg}-bg`] : []),
        ...DECORATIONS.filter((name) => (decorations as string[]).includes(name)),
      ].join(' '),
      color: colourOf(fg, fg_truecolor),
      background: colourOf(bg, bg_truecolor),
    }));
}

/** The colours that are on behind a line, as the sequences that set them. */
export function carriedBehind(text: string, carried: string): string {
  const found = text.match(COLOUR);
  if (found === null) return carried;
  const lastReset = found.findLastIndex((sequence) => RESET.test(sequence));
  const on = (lastReset === -1 ? carried : '') + found.slice(lastReset + 1).join('');
  return on.length > MAX_CARRIED ? '' : on;
}

/** The sixteen colours have classes, so that they can be read on light and on dark ground. */
function classOf(name: string | null): boolean {
  return name !== null && /^ansi-(bright-)?(black|red|green|yellow|blue|magenta|cyan|white)$/.test(name);
}

const LEVELS = [0, 95, 135, 175, 215, 255];

/** Of the 256 colours those beyond sixteen, or any. */
function colourOf(name: string | null, trueColour: string | null): string | null {
  if (name === 'ansi-truecolor' && trueColour !== null && /^[\d, ]+$/.test(trueColour)) return `rgb(${trueColour})`;
  const number = Number(/^ansi-palette-(\d+)$/.exec(name ?? '')?.[1] ?? 0);
  if (number < 16 || number > 255) return null;
  if (number >= 232)
    return `rgb(${Array(3)
      .fill(8 + 10 * (number - 232))
      .join(', ')})`;
  const cube = number - 16;
  const levels = [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((level) => LEVELS[level]);
  return `rgb(${levels.join(', ')})`;
}
