/**
 * How long an answer's `Retry-After` asks to wait, in ms, given in seconds or as a date (RFC 9110, 10.2.3); null where it has
 * none that can be read. Pure.
 */
export function retryAfterMs(value: string | null | undefined, nowMs: number): number | null {
  if (value === null || value === undefined) return null;
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - nowMs;
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}
