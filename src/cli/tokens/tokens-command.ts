import { Command, Option } from 'commander';
import { killedSchema, tokenSchema } from '../../api/schemas/token.ts';
import { TOKEN_STATES, type TokenState } from '../../token/state.ts';
import { connectApi, type Api } from '../client/connect.ts';
import { everyPage, unreadableLine } from '../client/every-page.ts';
import { showList } from '../client/show-list.ts';
import type { CommandContext } from '../up/commands/context.ts';
import { wrongUsage } from '../up/failure.ts';
import { tokenTable } from './token-table.ts';

interface RevokeOptions {
  session?: string;
  repo?: string;
  provider?: string;
}

/** `daypass tokens` and `daypass tokens revoke`. */
export function tokensCommand(context: CommandContext): Command {
  const show = (lines: string[]): void => lines.forEach((line) => context.progress.line(line));
  const tokens = new Command('tokens')
    .description('lists the ledger of tokens, newest first')
    .addOption(new Option('--state <state>', 'only those in this state').choices(TOKEN_STATES))
    .action(async ({ state }: { state?: TokenState }) => {
      const listed = await everyPage(await connectApi(context), '/v1/tokens', tokenSchema, { query: { state } });
      showList(listed, { progress: context.progress, linesOf: (items) => tokenTable(items, new Date()) });
    });
  tokens
    .command('revoke')
    .description('the kill switch: deletes tokens at once and stops their sessions')
    .argument('[token]', 'one token')
    .option('--session <id>', 'the token of a session; one that waits is stopped')
    .option('--repo <id>', 'every token that opens a repo; sessions that wait for it are stopped')
    .option('--provider <name>', 'every token of a provider; sessions that wait stay queued')
    .action(async (tokenId: string | undefined, options: RevokeOptions) => {
      if ([tokenId, ...Object.values(options)].filter((value) => value !== undefined).length !== 1) {
        throw wrongUsage('Name one of: a token, --session, --repo, --provider.');
      }
      show(await revoke(await connectApi(context), tokenId, options));
    });
  return tokens;
}

async function revoke(api: Api, tokenId: string | undefined, options: RevokeOptions): Promise<string[]> {
  if (tokenId !== undefined) {
    const path = `/v1/tokens/${encodeURIComponent(tokenId)}/revoke`;
    const { state } = await api.call('POST', path, tokenSchema, {});
    return [`${tokenId} is ${state}`];
  }
  const { session: sessionId, repo: repoId, provider } = options;
  const wanted = { sessionId, repoId, provider };
  const { revoked, count, unreadable = [] } = await api.call('POST', '/v1/tokens/revoke', killedSchema, wanted);
  const missing = unreadableLine(unreadable);
  if (missing !== null) process.stderr.write(`${missing}\n`);
  return [...revoked, `${count} ${count === 1 ? 'token is' : 'tokens are'} on the way out`];
}
