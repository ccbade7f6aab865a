import { useDeps } from '../live/deps.ts';
import { duration } from './duration.ts';

/** A time of day, with the date on hovering; `–` where there is none. */
export function Clock({ at }: { at: string | null }) {
  if (at === null) return <>–</>;
  const date = new Date(at);
  return (
    <time dateTime={at} title={date.toLocaleString()}>
      {date.toLocaleTimeString()}
    </time>
  );
}

/** A date and a time of day. */
export function Moment({ at }: { at: string | null }) {
  return at === null ? <>–</> : <time dateTime={at}>{new Date(at).toLocaleString()}</time>;
}

/** How long ago something was, and counting. */
export function Ago({ at }: { at: string }) {
  const { now } = useDeps();
  return (
    <time dateTime={at} title={new Date(at).toLocaleString()}>
      {coarse(now.value - Date.parse(at))} ago
    </time>
  );
}

/** How long something takes, and counting while it has no end. */
export function Elapsed({ from, to }: { from: string; to: string | null }) {
  const { now } = useDeps();
  return <>{to === null ? coarse(now.value - Date.parse(from)) : duration(Date.parse(to) - Date.parse(from))}</>;
}

/** How long it is until then; a time that has passed is over. */
export function Until({ at }: { at: string }) {
  const left = Date.parse(at) - useDeps().now.value;
  return <time dateTime={at}>{left <= 0 ? 'over' : `in ${coarse(left)}`}</time>;
}

/** Whole seconds: what counts is not to flicker. */
function coarse(ms: number): string {
  return duration(Math.max(0, Math.floor(ms / 1_000) * 1_000))
    .replace(/^0 ms$/, '0 s')
    .replace(/\.0 s$/, ' s');
}
