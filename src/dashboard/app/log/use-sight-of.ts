import { useSignal, type Signal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useWhile } from '../live/use-while.ts';

/** Which part of a box is in sight, in pixels of its content; whoever scrolls it says how far. */
export function useSightOf(box: RefObject<HTMLElement | null>): Signal<{ top: number; height: number }> {
  const sight = useSignal({ top: 0, height: 0 });
  useWhile((signal) => {
    const observer = new ResizeObserver(() => {
      if (box.current !== null) sight.value = { top: box.current.scrollTop, height: box.current.clientHeight };
    });
    if (box.current !== null) observer.observe(box.current);
    signal.addEventListener('abort', () => observer.disconnect());
  }, []);
  return sight;
}
