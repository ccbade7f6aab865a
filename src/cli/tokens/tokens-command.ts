import { Command, Option } from 'commander';
import { listOf } from '../../api/schemas/common.ts';
import { killedSchema, tokenSchema, type WireToken } from '../../api/schemas/token.ts';
import { TOKEN_STATES, type TokenState } from '../../token/state.ts';
import { connectApi, type Api } from '../client/connect.ts';
import type { CommandContext } from '../up/commands/context.ts';
import { CommandFailure } from '../up/failure.ts';
import { tokenTable } from './token-table.ts';

const PAGE_SIZE = 200;

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
      show(tokenTable(await readLedger(await connectApi(context), state), new Date()));
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
        throw new CommandFailure('Name one of: a token, --session, --repo, --provider.');
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
  const { revoked, count } = await api.call('POST', '/v1/tokens/revoke', killedSchema, { sessionId, repoId, provider });
  return [...revoked, `${count} ${count === 1 ? 'token is' : 'tokens are'} on the way out`];
}

async function readLedger(api: Api, state: TokenState | undefined): Promise<WireToken[]> {
  const found: WireToken[] = [];
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({
      limit: `${PAGE_SIZE}`,
      ...(state !== undefined && { state }),
      ...(cursor !== null && { cursor }),
    });
    const page: { data: WireToken[]; nextCursor: string | null } = await api.call(
      'GET',
      `/v1/tokens?${query.toString()}`,
      listOf(tokenSchema),
    );
    found.push(...page.data);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return found;
}
