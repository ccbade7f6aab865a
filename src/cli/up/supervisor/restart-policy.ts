/** A life shorter than this counts as dying at once. */
const SHORT_LIFE_MS = 5_000;
const FIRST_DELAY_MS = 100;
/** Below the 2 s within which a role that died is started again, with room for the start itself. */
const MAX_DELAY_MS = 1_500;

/**
 * How long to wait before a role is started again, after lives of these lengths, the latest last: not at all after a long one,
 * twice as long after each further short one.
 */
export function restartDelayMs(livesMs: readonly number[]): number {
  const lastLong = livesMs.findLastIndex((life) => life >= SHORT_LIFE_MS);
  const shortOnes = livesMs.length - 1 - lastLong;
  return shortOnes === 0 ? 0 : Math.min(FIRST_DELAY_MS * 2 ** (shortOnes - 1), MAX_DELAY_MS);
}
