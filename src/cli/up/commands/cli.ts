import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { z } from 'zod';
import { describe } from '../../../errors.ts';
import { SettingsError } from '../../../settings.ts';
import { apiKeysCommand } from '../../api-keys/api-keys-command.ts';
import { auditCommand } from '../../audit/audit-command.ts';
import { doctor } from '../../doctor/doctor.ts';
import { EXIT, EXIT_CODES_HELP } from '../../exit-codes.ts';
import { gitBackupCommand } from '../../git-backup/git-backup-command.ts';
import { receiptCommand } from '../../receipt/receipt-command.ts';
import { runCommand } from '../../run/run-command.ts';
import { extendCommand, networkCommand, rmCommand, stopCommand } from '../../sessions/change-commands.ts';
import { logsCommand } from '../../sessions/logs-command.ts';
import { lsCommand } from '../../sessions/ls-command.ts';
import { showCommand } from '../../sessions/show-command.ts';
import { BrokenPipe } from '../../terminal/outlet.ts';
import { tokensCommand } from '../../tokens/tokens-command.ts';
import { Interrupted } from '../ending/end-signals.ts';
import { StdinTooLong } from '../../run/stdin.ts';
import { CommandFailure } from '../failure.ts';
import type { CommandContext } from './context.ts';
import { down } from './down.ts';
import { dropKey, listKeys, resealKeys, rotateKeys, withMinter } from './keys.ts';
import { start } from './start.ts';

/** The `daypass` command. Resolves with its exit code; what went wrong is on standard error. */
export async function cli(context: CommandContext): Promise<number> {
  let exitCode = 0;
  let isRead = true;
  const endsWith = (code: number): void => {
    exitCode = code;
  };
  // Behind `| head` nobody reads any more, which is no fault. Who prints much looks at it by itself.
  process.stdout.on('error', () => (isRead = false));
  process.stderr.on('error', () => undefined);
  const program = programOf(context, endsWith).version(await versionIn(context.root));
  throwInsteadOfEnding(program);
  try {
    await program.parseAsync(context.args, { from: 'user' });
  } catch (error) {
    exitCode = exitCodeOf(error, context.args);
    const isShown = error instanceof CommanderError || error instanceof BrokenPipe;
    if (!isShown) process.stderr.write(`✗ ${wordsOf(error)}\n`);
  }
  return isRead || exitCode === EXIT.brokenPipe ? exitCode : EXIT.brokenPipe;
}

function programOf(context: CommandContext, endsWith: (exitCode: number) => void): Command {
  const program = new Command('daypass')
    .description('Sandboxes for coding agents, each with a day pass to its repos.')
    .enablePositionalOptions()
    .addHelpText('after', EXIT_CODES_HELP);
  program.addCommand(runCommand(context, endsWith)).addCommand(lsCommand(context)).addCommand(showCommand(context));
  program.addCommand(logsCommand(context)).addCommand(stopCommand(context)).addCommand(rmCommand(context));
  program.addCommand(extendCommand(context)).addCommand(networkCommand(context));
  program.addCommand(tokensCommand(context)).addCommand(receiptCommand(context));
  program.addCommand(apiKeysCommand(context)).addCommand(auditCommand(context)).addCommand(keysCommand(context));
  program.addCommand(gitBackupCommand(context));
  program
    .command('up')
    .description('sets up what is missing, starts everything on this machine and stays up until Ctrl-C')
    .option('--exit', 'end after the sample session')
    .action(async ({ exit }: { exit?: true }) => {
      endsWith(await start({ ...context, args: exit === true ? ['--exit'] : [] }));
    });
  program
    .command('down')
    .description('ends what "up" or "npm start" has started')
    .option('--engine', 'also end the Docker engine, if it was started from here')
    .action(async ({ engine }: { engine?: true }) => {
      endsWith(await down({ ...context, args: engine === true ? ['--engine'] : [] }));
    });
  program
    .command('doctor')
    .description('looks at everything that Daypass needs and promises, and says how to mend what is wrong')
    .action(async () => endsWith(await doctor(context)));
  return program;
}

function keysCommand(context: CommandContext): Command {
  const keys = new Command('keys')
    .description('the keys that seal tokens at rest, and what needs each of them')
    .action(() => withMinter(context, listKeys));
  keys
    .command('rotate')
    .description('makes a new key and seals everything with it; sessions go on')
    .action(() => withMinter(context, rotateKeys));
  keys
    .command('reseal')
    .description('seals everything with the first key')
    .action(() => withMinter(context, resealKeys));
  keys
    .command('drop <id>')
    .description('removes a key that nothing needs any more')
    .action((id: string) => withMinter(context, dropKey(id)));
  return keys;
}

/** Commander ends the process where it finds something wrong; ours is to end by what it returns. */
function throwInsteadOfEnding(command: Command): void {
  command.exitOverride();
  for (const one of command.commands) throwInsteadOfEnding(one);
}

function exitCodeOf(error: unknown, [command]: readonly string[]): number {
  if (error instanceof Interrupted) throw error;
  if (error instanceof BrokenPipe) return EXIT.brokenPipe;
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  if (error instanceof StdinTooLong) return error.exitCode;
  // What the command itself ends with begins at 0, so all that is wrong before it has one code beyond.
  if (command === 'run') return EXIT.notRun;
  if (error instanceof CommanderError) return EXIT.usage;
  return error instanceof CommandFailure ? error.exitCode : EXIT.failed;
}

/** A fault of ours with where it is. */
function wordsOf(error: unknown): string {
  const isForPeople = error instanceof CommandFailure || error instanceof SettingsError || !(error instanceof Error);
  return isForPeople ? describe(error) : (error.stack ?? error.message);
}

async function versionIn(root: string): Promise<string> {
  const manifest = await readFile(join(root, 'package.json'), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(manifest)).version;
}
