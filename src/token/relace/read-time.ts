/** A Unix time below this is in seconds, above it in milliseconds: 5138 and 1973 are the years that it is wrong about. */
const SECONDS_BELOW = 100_000_000_000;
const HAS_ZONE = /(Z|[+-]\d{2}:?\d{2})$/i;

/**
 * A time as hosts write it, in ISO 8601 UTC; null when it is none. A text without a zone is UTC, a number a Unix time in
 * seconds or milliseconds. A token whose host writes times in yet another way is a token all the same.
 */
export function readTime(time: unknown): string | null {
  const date = new Date(toMs(time));
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

function toMs(time: unknown): number {
  if (typeof time === 'number') return Math.abs(time) < SECONDS_BELOW ? time * 1000 : time;
  if (typeof time !== 'string') return Number.NaN;
  const text = time.trim();
  // A date alone is read as UTC already.
  return Date.parse(HAS_ZONE.test(text) || !text.includes(':') ? text : `${text}Z`);
}
