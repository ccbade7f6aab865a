import { describe } from '../../../errors.ts';
import { ROLES } from '../installation/role-settings.ts';
import { errorIn } from '../supervisor/error-line.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';

const LINES_SHOWN = 5;

/** What failed, then the end of the log of each role that had errors; of the worker's, when none had. */
export function failureLines(error: unknown, { tailOf }: Pick<Supervisor, 'tailOf'>): string[] {
  const withErrors = ROLES.filter((role) => tailOf(role).some((line) => errorIn(line) !== null));
  const shown = withErrors.length > 0 ? withErrors : (['worker'] as const);
  return [
    `✗ ${describe(error)}`,
    ...shown.flatMap((role) => [
      `The end of the log of ${role}:`,
      ...tailOf(role)
        .slice(-LINES_SHOWN)
        .map((line) => `  ${line}`),
    ]),
  ];
}
