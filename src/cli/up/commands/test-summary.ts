import { z } from 'zod';

/** The parts of vitest's JSON report that count. Source: vitest's `json` reporter, which follows Jest's. */
const schema = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.unknown()) })),
});

/**
 * `N passed, N failed, N skipped`, from the runner's report; null: it wrote none. A file that failed before its first test,
 * and an exit code that no test explains, count as one failure each.
 */
export function summaryOf(report: unknown, exitCode: number): { line: string; failed: number } {
  const counts = report === null ? null : schema.parse(report);
  const brokenFiles =
    counts?.testResults.filter(
      ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
    ) ?? [];
  const known = (counts?.numFailedTests ?? 0) + brokenFiles.length;
  const failed = known === 0 && (exitCode !== 0 || counts === null) ? 1 : known;
  const skipped = (counts?.numPendingTests ?? 0) + (counts?.numTodoTests ?? 0);
  return { line: `${counts?.numPassedTests ?? 0} passed, ${failed} failed, ${skipped} skipped`, failed };
}
