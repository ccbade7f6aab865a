import { Command, Option } from 'commander';
import { apiKeySchema, createdApiKeySchema } from '../../api/schemas/api-key.ts';
import { SCOPES, type Scope } from '../../access/scope.ts';
import { connectApi } from '../client/connect.ts';
import { everyPage } from '../client/every-page.ts';
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
      show(keyTable(await everyPage(await connectApi(context), PATH, apiKeySchema), new Date()));
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
    .description('ends a key at once; the sessions that it started go on')
    .action(async (id: string) => {
      const api = await connectApi(context);
      const { revokedAt } = await api.call('DELETE', `${PATH}/${encodeURIComponent(id)}`, apiKeySchema);
      show([`${id} was revoked at ${revokedAt}`]);
    });
  return command;
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
