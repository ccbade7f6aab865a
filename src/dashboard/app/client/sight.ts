/** What a browser's document says of whether somebody sees it. */
export interface Sight extends EventTarget {
  readonly visibilityState: 'visible' | 'hidden';
}

/** Resolves once somebody sees the page, or the signal aborts. */
export async function untilSeen(sight: Sight, until: AbortSignal): Promise<void> {
  const isDue = () => until.aborted || sight.visibilityState === 'visible';
  if (isDue()) return;
  const seen = new AbortController();
  await new Promise<void>((resolve) => {
    const look = () => isDue() && resolve();
    sight.addEventListener('visibilitychange', look, { signal: seen.signal });
    until.addEventListener('abort', look, { signal: seen.signal });
  });
  seen.abort();
}
