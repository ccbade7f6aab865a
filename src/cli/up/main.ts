import { fileURLToPath } from 'node:url';
import { describe } from '../../errors.ts';
import { flush } from '../terminal/outlet.ts';
import { SettingsError } from '../../settings.ts';
import { check } from './commands/check.ts';
import { cli } from './commands/cli.ts';
import type { CommandContext } from './commands/context.ts';
import { longRun } from './commands/long-run.ts';
import { start } from './commands/start.ts';
import { test } from './commands/test.ts';
import { Interrupted } from './ending/end-signals.ts';
import { CommandFailure } from './failure.ts';
import { createProgress } from './progress.ts';

process.title = 'daypass-up';
/** As shells say of a program that SIGINT ended. */
const INTERRUPTED_CODE = 130;

const COMMANDS: Record<string, (context: CommandContext) => Promise<number>> = {
  start,
  test,
  check,
  bench: longRun('test/bench/main.ts'),
  faults: longRun('test/faults/main.ts'),
  chaos: longRun('test/chaos/main.ts'),
  attacks: longRun('test/attacks/main.ts'),
  agents: longRun('test/agents/main.ts'),
  fuzz: longRun('test/fuzz/main.ts'),
  'modern-host': longRun('test/modern-host/main.ts'),
  cli,
};

const [name = '', ...args] = process.argv.slice(2);
const progress = createProgress(process.stdout);
try {
  const command = COMMANDS[name];
  if (command === undefined) {
    throw new CommandFailure(`There is no command "${name}". There are: ${Object.keys(COMMANDS).join(', ')}.`);
  }
  // This program hands the user's own settings on to others; nobody else reads the environment.
  const root = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');
  process.exitCode = await command({ env: process.env, root, progress, args });
} catch (error) {
  if (error instanceof Interrupted) process.exitCode = INTERRUPTED_CODE;
  else {
    const isForPeople = error instanceof CommandFailure || error instanceof SettingsError;
    progress.line(`✗ ${isForPeople || !(error instanceof Error) ? describe(error) : (error.stack ?? error.message)}`);
    process.exitCode = 1;
  }
}
// A pipe may still have to be read. What else may be under way, such as a pull that nobody waits for, is not waited for.
await Promise.all([flush(process.stdout), flush(process.stderr)]);
process.exit();
