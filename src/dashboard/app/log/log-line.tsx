import { piecesOf, type Piece } from './colours.ts';
import type { LogLine } from './lines.ts';
import { visible } from './visible.ts';

/** More of a line than this is not drawn; the whole of it is in the log. */
const MAX_DRAWN = 4_000;

/** A line as text in colours: what it says becomes neither markup nor a link. */
export function LogLineView({ line, top }: { line: LogLine; top: number }) {
  const { id, time, stream, text, carried, more, overdrawn } = line;
  const left = text.length + more - MAX_DRAWN;
  return (
    <div class="line" data-stream={stream} style={{ top: `${top}px` }}>
      <span class="line-number" title={`${stream}, ${new Date(time).toLocaleString()}`}>
        {id}
      </span>
      <span class="line-text">
        {overdrawn > 0 && <em class="quiet">{overdrawn.toLocaleString()} states before ␍ </em>}
        {piecesOf(visible(text.slice(0, MAX_DRAWN)), carried).map((piece, index) => (
          <PieceView key={index} piece={piece} />
        ))}
        {left > 0 && <em class="quiet"> … {left} more characters</em>}
      </span>
    </div>
  );
}

function PieceView({ piece: { text, classes, color, background } }: { piece: Piece }) {
  if (classes === '' && color === null && background === null) return <>{text}</>;
  return (
    <span class={classes} style={{ color, background }}>
      {text}
    </span>
  );
}
