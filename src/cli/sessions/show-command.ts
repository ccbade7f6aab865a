import { Command } from 'commander';
import { sessionSchema } from '../../api/schemas/session.ts';
import { connectApi } from '../client/connect.ts';
import { sessionIdOf } from '../client/session-id.ts';
import { visibleJson } from '../terminal/visible.ts';
import type { CommandContext } from '../up/commands/context.ts';
import { sessionFacts } from './session-facts.ts';

/** `daypass show`: all of one session. */
export function showCommand(context: CommandContext): Command {
  return new Command('show')
    .description('shows a session: its facts, timings, token and failure')
    .argument('<session>', 'its id, or the beginning of it')
    .option('--json', 'as the API has it')
    .action(async (given: string, { json }: { json?: true }) => {
      const api = await connectApi(context);
      const session = await api.call('GET', `/v1/sessions/${await sessionIdOf(api, given)}`, sessionSchema);
      const lines = json === true ? [visibleJson(session, 2)] : sessionFacts(session);
      for (const line of lines) context.progress.line(line);
    });
}
