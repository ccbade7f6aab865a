import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Logger } from '../../ops/log.ts';
import { dial } from '../dial.ts';
import { parseTarget, type Target } from '../target.ts';
import { createAskMinter } from './credentials.ts';
import { createGitHandlers } from './git-handler.ts';
import { openSharedGit } from './shared-git.ts';
import { createUpstream } from './upstream.ts';

export interface SessionGitOptions {
  /** Such as `http://127.0.0.1:7080`. */
  repoOrigin: string;
  /** Where the minter gives credentials to the gateway. */
  credentialSocket: string;
  scratchDir: string;
  /** The most of one push that is kept to look into it. */
  pushCheckBytes: number;
  log: Logger;
}

/** Everything that git through the gateway needs, for `startGateway`. */
export async function startSessionGit(
  options: SessionGitOptions,
): Promise<ReturnType<typeof createGitHandlers> & { close(): void }> {
  const repoHost = repoHostOf(options.repoOrigin);
  const minter = createAskMinter(options.credentialSocket);
  const handlers = createGitHandlers({
    repoHost,
    ask: minter.ask,
    shared: await openSharedGit({
      // The one host that the operator configured, whatever its address.
      upstream: createUpstream(async () => dial(await addressesOf(repoHost.host), repoHost.port)),
      scratchDir: options.scratchDir,
      pushCheckBytes: options.pushCheckBytes,
    }),
    log: options.log,
  });
  return { ...handlers, close: () => minter.close() };
}

async function addressesOf(host: string): Promise<string[]> {
  return isIP(host) === 0 ? (await lookup(host, { all: true })).map(({ address }) => address) : [host];
}

function repoHostOf(origin: string): Target {
  const { hostname, port, protocol } = new URL(origin);
  const target = parseTarget(`${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`);
  if (target === null) throw new Error(`${origin} is no address of a repo host`);
  return target;
}
