import { createLogPrinter, type LogPrinter } from './log-printer.ts';
import { createOutlet, type Outlet } from './outlet.ts';
import type { Environment } from '../../settings.ts';

/** This process' own standard output and error, and logs on them. */
export function ownScreen(env: Environment): { stdout: Outlet; stderr: Outlet; printer: LogPrinter } {
  const [stdout, stderr] = [createOutlet(process.stdout), createOutlet(process.stderr)];
  // https://no-color.org
  const keepsColours = (env['NO_COLOR'] ?? '') === '';
  return { stdout, stderr, printer: createLogPrinter({ stdout, stderr }, { keepsColours }) };
}
