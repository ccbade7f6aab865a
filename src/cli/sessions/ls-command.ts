import { Command, Option } from 'commander';
import { sessionSchema } from '../../api/schemas/session.ts';
import { SESSION_STATUSES, type SessionStatus } from '../../session/status.ts';
import { collect } from '../collect.ts';
import { connectApi } from '../client/connect.ts';
import { everyPage } from '../client/every-page.ts';
import { showList } from '../client/show-list.ts';
import { metadataIn } from '../run/variables.ts';
import { visibleJson } from '../terminal/visible.ts';
import type { CommandContext } from '../up/commands/context.ts';
import { wrongUsage } from '../up/failure.ts';
import { sessionTable } from './session-table.ts';

interface LsOptions {
  status?: SessionStatus;
  metadata?: string[];
  limit: string;
  json?: true;
}

/** `daypass ls`: sessions, newest first. */
export function lsCommand(context: CommandContext): Command {
  return new Command('ls')
    .description('lists sessions, newest first')
    .addOption(new Option('--status <status>', 'only those in this status').choices(SESSION_STATUSES))
    .option('--metadata <k=v>', 'only those that have it; may be given again', collect)
    .option('--limit <n>', 'at most so many', '20')
    .option('--json', 'a JSON object a line, as the API has it')
    .action(async ({ status, metadata = [], limit, json }: LsOptions) => {
      if (!/^[1-9]\d{0,8}$/.test(limit)) throw wrongUsage('--limit takes a number above 0.');
      const filters = Object.entries(metadataIn(metadata)).map(([name, value]) => [`metadata.${name}`, value]);
      const listed = await everyPage(await connectApi(context), '/v1/sessions', sessionSchema, {
        query: { status, ...(Object.fromEntries(filters) as Record<string, string>) },
        atMost: Number(limit),
      });
      showList(listed, {
        progress: context.progress,
        linesOf: (sessions) =>
          json === true ? sessions.map((session) => visibleJson(session)) : sessionTable(sessions, new Date()),
      });
    });
}
