import { Command } from 'commander';
import { apiKeysCommand } from '../../api-keys/api-keys-command.ts';
import { auditCommand } from '../../audit/audit-command.ts';
import { gitBackupCommand } from '../../git-backup/git-backup-command.ts';
import { receiptCommand } from '../../receipt/receipt-command.ts';
import { tokensCommand } from '../../tokens/tokens-command.ts';
import type { CommandContext } from './context.ts';
import { doctor } from '../../doctor/doctor.ts';
import { down } from './down.ts';
import { dropKey, listKeys, resealKeys, rotateKeys, withMinter } from './keys.ts';
import { start } from './start.ts';

/** The `daypass` command. Resolves with its exit code. */
export async function cli(context: CommandContext): Promise<number> {
  let exitCode = 0;
  const program = new Command('daypass').description('Sandboxes for coding agents, each with a day pass to its repos.');
  program
    .command('up')
    .description('sets up what is missing, starts everything on this machine and stays up until Ctrl-C')
    .option('--exit', 'end after the sample session')
    .action(async ({ exit }: { exit?: true }) => {
      exitCode = await start({ ...context, args: exit === true ? ['--exit'] : [] });
    });
  program
    .command('down')
    .description('ends what "up" or "npm start" has started')
    .option('--engine', 'also end the Docker engine, if it was started from here')
    .action(async ({ engine }: { engine?: true }) => {
      exitCode = await down({ ...context, args: engine === true ? ['--engine'] : [] });
    });
  program.addCommand(tokensCommand(context)).addCommand(receiptCommand(context));
  program.addCommand(apiKeysCommand(context)).addCommand(auditCommand(context));
  program.addCommand(gitBackupCommand(context));
  const keys = program
    .command('keys')
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
  program
    .command('doctor')
    .description('looks at everything that Daypass needs and promises, and says how to mend what is wrong')
    .action(async () => {
      exitCode = await doctor(context);
    });
  await program.parseAsync(context.args, { from: 'user' });
  return exitCode;
}
