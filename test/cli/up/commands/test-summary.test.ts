import { expect, test } from 'vitest';
import { summaryOf } from '../../../../src/cli/up/commands/test-summary.ts';

const report = { numPassedTests: 5, numFailedTests: 0, numPendingTests: 1, numTodoTests: 1, testResults: [] };
const broken = { status: 'failed', assertionResults: [] };

test('the count is the runner’s own', () => {
  expect(summaryOf(report, 0)).toEqual({ line: '5 passed, 0 failed, 2 skipped', failed: 0 });
  expect(summaryOf({ ...report, numFailedTests: 2 }, 1).line).toBe('5 passed, 2 failed, 2 skipped');
});

test('a file that fails before its first test counts as a failure', () => {
  expect(summaryOf({ ...report, testResults: [broken] }, 1).line).toBe('5 passed, 1 failed, 2 skipped');
});

test('an exit code that no test explains counts as a failure, and so does a missing report', () => {
  expect(summaryOf(report, 1).line).toBe('5 passed, 1 failed, 2 skipped');
  expect(summaryOf(null, 0)).toEqual({ line: '0 passed, 1 failed, 0 skipped', failed: 1 });
});
