/** Whether the page is in a tab or window that nobody sees. */
export function isHidden(): boolean {
  return document.visibilityState === 'hidden';
}

/** Resolves once somebody sees the page, or the signal aborts. */
export async function untilSeen(until: AbortSignal): Promise<void> {
  if (!isHidden() || until.aborted) return;
  const seen = new AbortController();
  await new Promise<void>((resolve) => {
    const look = () => (until.aborted || !isHidden()) && resolve();
    document.addEventListener('visibilitychange', look, { signal: seen.signal });
    until.addEventListener('abort', look, { signal: seen.signal });
  });
  seen.abort();
}
