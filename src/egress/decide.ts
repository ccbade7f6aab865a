import { isIP } from 'node:net';
import { ruleFor, type NetworkRule } from '../session/network-rule.ts';
import { formatTarget, shownHost, type Target } from './target.ts';

/** How a target may be reached by the rules of its sandbox. */
export interface Ruling {
  isRepoHost: boolean;
  /** Any bytes may pass; else only TLS or HTTP that names the host. */
  raw: boolean;
}

/** Which addresses a connection may go to, in the order to try them, or why to none. The reason is told to the client. */
export type Decision = { allowed: true; ruling: Ruling; addresses: string[] } | { allowed: false; reason: string };

/** All addresses of a host name; throws when it has none. */
export type Resolve = (host: string) => Promise<string[]>;

export interface Rules {
  /** Always allowed, whatever its address: the one host that the operator configured. null: it is served in the gateway. */
  repoHost: Target | null;
  allow: NetworkRule[];
}

/** How names become addresses, and which of those a sandbox may be led to. */
export interface Names {
  resolve: Resolve;
  /** Of the repo host, which may have its name from this machine alone. */
  resolveRepoHost: Resolve;
  isReachable: (address: string) => boolean;
}

/** null: no rule lets a sandbox reach the target. Pure. */
export function ruleOn(target: Target, { repoHost, allow }: Rules): Ruling | null {
  if (target.host === repoHost?.host && target.port === repoHost.port) return { isRepoHost: true, raw: true };
  const rule = isIP(target.host) === 0 ? ruleFor(allow, target.host, target.port) : null;
  return rule === null ? null : { isRepoHost: false, raw: rule.raw };
}

export function notAllowed(target: Target): string {
  return `${formatTarget({ ...target, host: shownHost(target.host) })} is not in this session's network.allow`;
}

/**
 * Decides by name, then by address. The name is resolved once, and the very addresses that were checked are the ones to
 * dial: a name that changes its answer gains nothing. No name is asked for that no rule allows. Never throws; what cannot be
 * decided is refused.
 */
export async function decide(target: Target, rules: Rules, names: Names): Promise<Decision> {
  const ruling = ruleOn(target, rules);
  if (ruling === null) return { allowed: false, reason: notAllowed(target) };
  const addresses = await addressesOf(target.host, ruling.isRepoHost ? names.resolveRepoHost : names.resolve);
  if (addresses.length === 0) return { allowed: false, reason: `${shownHost(target.host)} has no address` };
  // One private address among public ones is enough to refuse: which one is dialled must not depend on luck.
  if (!ruling.isRepoHost && !addresses.every(names.isReachable)) {
    return { allowed: false, reason: `${shownHost(target.host)} leads to an address that is not public` };
  }
  return { allowed: true, ruling, addresses };
}

async function addressesOf(host: string, resolve: Resolve): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  try {
    return await resolve(host);
  } catch {
    return [];
  }
}
