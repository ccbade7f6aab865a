import type { Progress } from '../../../src/cli/up/progress.ts';

/** A screen for tests: keeps the lines, and marks steps by their names. */
export function quietProgress(): Progress & { lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    line: (text) => void lines.push(text),
    async step(name, work) {
      lines.push(name);
      return work();
    },
  };
}
