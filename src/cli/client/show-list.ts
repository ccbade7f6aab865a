import type { Progress } from '../up/progress.ts';
import { unreadableLine, type Listed } from './every-page.ts';

/** Shows a list, and on standard error what is left out of it. */
export function showList<Item>(
  { items, unreadable }: Listed<Item>,
  { progress, linesOf }: { progress: Progress; linesOf: (items: Item[]) => string[] },
): void {
  for (const line of linesOf(items)) progress.line(line);
  const missing = unreadableLine(unreadable);
  if (missing !== null) process.stderr.write(`${missing}\n`);
}
