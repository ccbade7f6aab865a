import { Command, Option } from 'commander';
import { collect } from '../collect.ts';
import { connectApi } from '../client/connect.ts';
import { EXIT, RUN_EXIT_CODES_HELP } from '../exit-codes.ts';
import { ownScreen } from '../terminal/screen.ts';
import { visibleJson } from '../terminal/visible.ts';
import type { CommandContext } from '../up/commands/context.ts';
import { wrongUsage } from '../up/failure.ts';
import { requestFrom, type RequestOptions } from './request.ts';
import { createJsonScreen, createPlainScreen } from './run-screen.ts';
import { begin, runSession } from './run-session.ts';
import { graceIn } from './spans.ts';
import { createStatusLine } from './status-line.ts';
import { requireNoTerminalShell, stdinIn } from './stdin.ts';
import { takeStopSignals } from './stop-signals.ts';

interface OwnOptions {
  detach?: true;
  json?: true;
  quiet?: true;
  grace: string;
  idempotencyKey?: string;
  stdin?: string | false;
}

const STDIN_AWAITED = '[daypass] Waiting for the end of standard input; --no-stdin leaves it out.\n';
const NOTHING = { repo: [], env: [], secret: [], unmasked: [], allow: [], metadata: [] };

/** `daypass run`: a session in the foreground, as if its command ran here. */
export function runCommand(context: CommandContext, endsWith: (exitCode: number) => void): Command {
  return new Command('run')
    .description('starts a session, follows its log and exits with its exit code; Ctrl-C stops it')
    .usage('[options] --repo ID[@REF][:PATH] -- COMMAND…')
    .argument('[command...]', 'what to run in the sandbox')
    .passThroughOptions()
    .option('--repo <repo>', 'a repo to clone; may be given again', collect)
    .option('--env <k=v>', 'a variable; K alone takes it from here; may be given again', collect)
    .option('--secret <k>', 'a variable masked in the log, from here or K=@FILE; may be given again', collect)
    .option('--unmasked <k>', 'a secret that may be too short to be masked; may be given again', collect)
    .option('--stdin <file>', 'what it reads from its standard input; - for ours, which a pipe or a file is anyway')
    .option('--no-stdin', 'leave out ours')
    .option('--timeout <span>', 'such as 10m or 1h30m')
    .option('--max-timeout <span>', 'how far it can be extended')
    .option('--image <name>', 'the image of the sandbox')
    .option('--allow <host>', 'a host it may reach, besides the repo host; may be given again', collect)
    .addOption(
      new Option('--delivery <way>', 'gateway: its token never enters the sandbox').choices(['env', 'gateway']),
    )
    .option('--memory <size>', 'such as 512m or 2g')
    .option('--cpus <n>', 'such as 0.5 or 2')
    .option('--pids <n>', 'processes at once')
    .option('--disk <size>', 'of its workspace, such as 2g')
    .option('--priority <n>', 'higher goes first')
    .option('--metadata <k=v>', 'to find it by; may be given again', collect)
    .option('--grace <span>', 'what the command has to end when it is stopped', '10s')
    .option('--idempotency-key <key>', 'the same key and options start one session only, in 24 h')
    .option('-d, --detach', 'print its id and leave it to itself')
    .option('-q, --quiet', 'say nothing but what went wrong')
    .option('--json', 'an object a line on standard output: the session, each line of its log, the session')
    .addHelpText('after', RUN_EXIT_CODES_HELP)
    .action(async (command: string[], options: Partial<RequestOptions> & OwnOptions) => {
      endsWith(await perform(context, command, { ...NOTHING, ...options }));
    });
}

async function perform(context: CommandContext, command: string[], options: RequestOptions & OwnOptions) {
  if (command.length === 0 && options.detach !== true) {
    throw wrongUsage('Say what to run: daypass run --repo ID -- COMMAND…, or --detach for a sandbox that only waits.');
  }
  requireNoTerminalShell(command);
  const request = await requestFrom(options, command, context.env);
  const stdin = await stdinIn(options, command, () => {
    if (options.quiet !== true) process.stderr.write(STDIN_AWAITED);
  });
  const body = { ...request, ...(stdin && { stdin }) };
  const graceSeconds = graceIn(options.grace);
  const api = await connectApi(context);
  using signals = takeStopSignals();
  const { stdout, stderr, printer } = ownScreen(context.env);
  const line = createStatusLine(process.stderr);
  using plain = createPlainScreen({ client: api.client, printer, line, isQuiet: options.quiet === true });
  const screen = options.json === true ? createJsonScreen(stdout, stderr) : plain;
  const { idempotencyKey } = options;
  const run = { api, body, graceSeconds, signals, screen, ...(idempotencyKey !== undefined && { idempotencyKey }) };
  if (options.detach !== true) return await runSession(run);
  const session = await begin(run);
  if (session === null) return signals.exitCode() ?? EXIT.notRun;
  await stdout.write(`${options.json === true ? visibleJson(session) : session.id}\n`);
  return 0;
}
