import { Command, Option } from 'commander';
import { apiKeySchema, createdApiKeySchema, revokedApiKeySchema } from '../../api/schemas/api-key.ts';
import { SCOPES, type Scope } from '../../access/scope.ts';
import { connectApi } from '../client/connect.ts';
import { everyPage } from '../client/every-page.ts';
import { showList } from '../client/show-list.ts';
import type { CommandContext } from '../up/commands/context.ts';
import { expiryFrom } from './expiry.ts';
import { keyTable } from './key-table.ts';
import { LIMIT_OPTIONS, limitsFrom } from './limits.ts';

interface CreateOptions extends Record<string, unknown> {
  scope: Scope[];
  repo?: string[];
  expires?: string;
}

const PATH = '/v1/api-keys';

/** `daypass api-keys`: who may call the API. (`daypass keys` are those that seal tokens.) */
export function apiKeysCommand(context: CommandContext): Command {
  const show = (lines: string[]): void => lines.forEach((line) => context.progress.line(line));
  const command = new Command('api-keys').description('makes, lists, rotates and revokes keys of the API');
  command.addCommand(createCommand(context, show));
  command
    .command('ls')
    .description('lists them, newest first, without their values')
    .action(async () => {
      const listed = await everyPage(await connectApi(context), PATH, apiKeySchema);
      showList(listed, { progress: context.progress, linesOf: (keys) => keyTable(keys, new Date()) });
    });
  command
    .command('rotate <id>')
    .description('gives a key another value and prints it, this once; its sessions stay its own')
    .action(async (id: string) => {
      const path = `${PATH}/${encodeURIComponent(id)}/rotate`;
      const { key } = await (await connectApi(context)).call('POST', path, createdApiKeySchema, {});
      show([key, `${id} is this from now on; its value before is refused.`]);
    });
  command
    .command('revoke <id>')
    .description('ends a key at once; the sessions that it started go on, unless they are stopped too')
    .option('--stop-sessions', 'deletes their tokens and stops them: for a key that has leaked')
    .action(async (id: string, { stopSessions = false }: { stopSessions?: boolean }) => {
      const path = `${PATH}/${encodeURIComponent(id)}?stopSessions=${stopSessions}`;
      const { revokedAt, openSessions } = await (await connectApi(context)).call('DELETE', path, revokedApiKeySchema);
      show([`${id} was revoked at ${revokedAt}`, ...sessionsLine(id, openSessions, stopSessions)]);
    });
  return command;
}

/** What becomes of the sessions of a revoked key, where there are any. */
function sessionsLine(id: string, open: number, areStopped: boolean): string[] {
  if (open === 0) return [];
  if (areStopped) return [`${open} of its sessions are being stopped.`];
  return [`${open} of its sessions go on. To stop them: daypass api-keys revoke ${id} --stop-sessions`];
}

function createCommand(context: CommandContext, show: (lines: string[]) => void): Command {
  const create = new Command('create')
    .description('makes a key and prints it, this once')
    .argument('<name>', 'for whom or what it is')
    .addOption(
      new Option('--scope <scope...>', 'what it may do, each including those before it')
        .choices(SCOPES)
        .default(['start']),
    )
    .option('--repo <id...>', 'the repos that its sessions may have; left out: any')
    .option('--expires <when>', 'such as 90d, 12h or 2027-01-31T00:00:00Z; left out: never');
  for (const { flag, text } of LIMIT_OPTIONS) create.option(`--${flag} <n>`, `${text}; "none" for no limit of its own`);
  return create.action(async (name: string, options: CreateOptions) => {
    const api = await connectApi(context);
    const { id, key, scopes } = await api.call('POST', PATH, createdApiKeySchema, {
      name,
      scopes: options.scope,
      repos: options.repo ?? null,
      limits: limitsFrom(options),
      expiresAt: options.expires === undefined ? null : expiryFrom(options.expires, new Date()),
    });
    show([key, `${id} may ${scopes.join(', ')}. The line above is its value: keep it, it is not shown again.`]);
  });
}
