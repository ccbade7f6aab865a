import { isIP } from 'node:net';
import { allows, type NetworkRule } from '../session/network-rule.ts';
import { isPublicAddress } from './public-address.ts';
import { formatTarget, type Target } from './target.ts';

/** Which addresses a connection may go to, in the order to try them, or why to none. The reason is told to the client. */
export type Decision = { allowed: true; addresses: string[] } | { allowed: false; reason: string };

/** All addresses of a host name; throws when it has none. */
export type Resolve = (host: string) => Promise<string[]>;

export interface Rules {
  /** Always allowed, whatever its address: the one host that the operator configured. */
  repoHost: Target;
  allow: NetworkRule[];
}

/**
 * Decides by name, then by address. The name is resolved once, and the very addresses that were checked are the ones to
 * dial: a name that changes its answer gains nothing. Never throws; what cannot be decided is refused.
 */
export async function decide(target: Target, { repoHost, allow }: Rules, resolve: Resolve): Promise<Decision> {
  const isRepoHost = target.host === repoHost.host && target.port === repoHost.port;
  if (!isRepoHost && (isIP(target.host) !== 0 || !allows(allow, target.host, target.port))) {
    return { allowed: false, reason: `${formatTarget(target)} is not in this session's network.allow` };
  }
  const addresses = await addressesOf(target.host, resolve);
  if (addresses.length === 0) return { allowed: false, reason: `${target.host} has no address` };
  // One private address among public ones is enough to refuse: which one is dialled must not depend on luck.
  if (!isRepoHost && !addresses.every(isPublicAddress)) {
    return { allowed: false, reason: `${target.host} leads to an address that is not public` };
  }
  return { allowed: true, addresses };
}

async function addressesOf(host: string, resolve: Resolve): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  try {
    return await resolve(host);
  } catch {
    return [];
  }
}
