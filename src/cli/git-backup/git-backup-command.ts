import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { backUp } from '../../git-host/backup/back-up.ts';
import type { CommandContext } from '../up/commands/context.ts';
import { takeEndSignals } from '../up/ending/end-signals.ts';
import { CommandFailure } from '../up/failure.ts';
import { dataDirOf } from '../up/installation/settings.ts';

/** `daypass git-backup DIR`: a copy of the git host's data, on the machine that has it, while it runs. */
export function gitBackupCommand({ env, root, progress }: CommandContext): Command {
  return new Command('git-backup')
    .description("copies the git host's data while it runs; into an older copy it brings what is new")
    .argument('<directory>', 'where to; nothing but such a copy may lie there')
    .option('--tokens', 'with the tokens: they open the restored host too, also those that end meanwhile')
    .action(async (directory: string, { tokens }: { tokens?: true }) => {
      const dataDir = join(dataDirOf(env, root), 'git-host');
      if (!existsSync(join(dataDir, 'git-host.sqlite'))) {
        throw new CommandFailure(`There is no git host's data in ${dataDir}. Set DAYPASS_DATA_DIR to where it is.`);
      }
      const { end } = takeEndSignals();
      const targetDir = resolve(directory);
      const { repos } = await backUp({ dataDir, targetDir, tokens: tokens === true, signal: end });
      progress.line(
        `Copied to ${targetDir}: ${repos} repo${repos === 1 ? '' : 's'}. To restore: copy it to DATA_DIR/git-host and start.`,
      );
    });
}
