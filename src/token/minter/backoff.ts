const FIRST_MS = 1_000;
const MAX_MS = 60_000;

/**
 * How long to wait before the next try: full jitter over a ceiling that doubles from 1 s to 60 s, or what the provider
 * asked for if that is longer, but never more than 60 s: a token that is due must not live on because its host said so.
 * `attempt` counts from 1; `random` gives 0 to 1.
 *
 * Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
export function backoffMs(attempt: number, retryAfterMs: number | null, random: () => number): number {
  const ceiling = Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(attempt - 1, 16));
  return Math.max(Math.round(random() * ceiling), Math.min(retryAfterMs ?? 0, MAX_MS));
}
