import { useEffect } from 'preact/hooks';

/** Runs work that ends when the signal aborts: when the component goes, or one of `inputs` is another. */
export function useWhile(work: (signal: AbortSignal) => void, inputs: readonly unknown[]): void {
  useEffect(() => {
    const leaving = new AbortController();
    work(leaving.signal);
    return () => leaving.abort();
  }, [...inputs]);
}
