import { useSignal, type ReadonlySignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { messageOf, Problem } from '../client/problem.ts';

/** Something that a reader asks for: under way once at a time, and what became of it. */
export interface Action {
  readonly busy: ReadonlySignal<boolean>;
  /** Why it was refused; null when it was not. */
  readonly problem: ReadonlySignal<Problem | null>;
  /** Runs the work unless it runs already. Resolves with whether it succeeded. */
  run: (work: () => Promise<unknown>) => Promise<boolean>;
}

/** Something that a reader may ask for again while it runs, such as a filter. The last wish counts. */
export function useLatestAction(): Pick<Action, 'problem' | 'run'> {
  const problem = useSignal<Problem | null>(null);
  const asked = useRef(0);
  return {
    problem,
    async run(work) {
      const mine = ++asked.current;
      problem.value = null;
      try {
        await work();
        return true;
      } catch (error) {
        if (mine === asked.current) problem.value = asProblem(error);
        return false;
      }
    },
  };
}

function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem(messageOf(error));
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
        problem.value = asProblem(error);
        return false;
      } finally {
        busy.value = false;
      }
    },
  };
}
