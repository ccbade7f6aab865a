import { useSignal, type ReadonlySignal } from '@preact/signals';
import { messageOf, Problem } from '../client/problem.ts';

/** Something that a reader asks for: under way once at a time, and what became of it. */
export interface Action {
  readonly busy: ReadonlySignal<boolean>;
  /** Why it was refused; null when it was not. */
  readonly problem: ReadonlySignal<Problem | null>;
  /** Runs the work unless it runs already. Resolves with whether it succeeded. */
  run: (work: () => Promise<unknown>) => Promise<boolean>;
}

export function useAction(): Action {
  const busy = useSignal(false);
  const problem = useSignal<Problem | null>(null);
  return {
    busy,
    problem,
    async run(work) {
      if (busy.peek()) return false;
      busy.value = true;
      problem.value = null;
      try {
        await work();
        return true;
      } catch (error) {
        problem.value = error instanceof Problem ? error : new Problem(messageOf(error));
        return false;
      } finally {
        busy.value = false;
      }
    },
  };
}
