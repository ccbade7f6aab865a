import { Command, Option } from 'commander';
import type { LogStream } from '../../session/log-record.ts';
import { apiFailure } from '../client/api-failure.ts';
import { connectApi } from '../client/connect.ts';
import { followLog } from '../client/follow-log.ts';
import { sessionIdOf } from '../client/session-id.ts';
import { BrokenPipe } from '../terminal/outlet.ts';
import { ownScreen } from '../terminal/screen.ts';
import { visibleJson } from '../terminal/visible.ts';
import type { CommandContext } from '../up/commands/context.ts';
import { wrongUsage } from '../up/failure.ts';

const PATIENCE_MS = 300_000;

interface LogsOptions {
  follow?: true;
  stream?: LogStream;
  after?: string;
  json?: true;
}

/** `daypass logs`: what a session printed, each stream to its own. Ctrl-C ends this and not the session. */
export function logsCommand(context: CommandContext): Command {
  return new Command('logs')
    .description('prints the log of a session')
    .argument('<session>', 'its id, or the beginning of it')
    .option('-f, --follow', 'go on until the session has ended')
    .addOption(new Option('--stream <stream>', 'only this one').choices(['stdout', 'stderr', 'system']))
    .option('--after <id>', 'only lines after the one with this number')
    .option('--json', 'a JSON object a line, with number, time and stream')
    .action(async (given: string, { follow, stream, after, json }: LogsOptions) => {
      if (after !== undefined && !/^\d{1,15}$/.test(after)) throw wrongUsage('--after takes the number of a line.');
      const api = await connectApi(context);
      const sessionId = await sessionIdOf(api, given);
      const { stdout, printer } = ownScreen(context.env);
      const wish = {
        sessionId,
        keepsOn: follow === true,
        ...(stream !== undefined && { stream }),
        ...(after !== undefined && { after }),
      };
      const onTrouble = (): void => void printer.say(`The API at ${api.url} does not answer; asking it again.`);
      const patience = { limitMs: PATIENCE_MS, signal: new AbortController().signal, onTrouble };
      try {
        for await (const record of followLog(api.client, wish, patience)) {
          if (json === true) await stdout.write(`${visibleJson(record)}\n`);
          else await printer.print(record);
        }
      } catch (error) {
        throw error instanceof BrokenPipe ? error : apiFailure(error, api.url);
      }
    });
}
