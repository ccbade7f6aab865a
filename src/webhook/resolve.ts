import { lookup, Resolver } from 'node:dns/promises';
import { isPublicAddress } from '../egress/public-address.ts';
import { isPrivateReceiver, type WebhookRules } from './url.ts';

/** All addresses of a host name; throws, or gives none, when it has none. */
export type ResolveName = (host: string) => Promise<string[]>;

/** How names are found: those of the public internet by DNS alone, the operator's own as this host finds them. */
export interface Names {
  public: ResolveName;
  private: ResolveName;
}

const DNS_TIMEOUT_MS = 3_000;
const DNS_TRIES = 2;
/** However many servers are asked. */
const DNS_IN_ALL_MS = 8_000;

/**
 * Public names are asked of DNS without this host's resolver library: its threads are few, and names that answer slowly
 * would hold up every file of the process.
 */
export function systemNames(): Names {
  return {
    public: async (host) => {
      // One for each name, so that giving one up gives up no other.
      const resolver = new Resolver({ timeout: DNS_TIMEOUT_MS, tries: DNS_TRIES });
      const timer = setTimeout(() => resolver.cancel(), DNS_IN_ALL_MS);
      const found = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
      clearTimeout(timer);
      return found.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    },
    private: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
  };
}

/**
 * The addresses that a try may dial, or why it may dial none. Asked anew for every try: a name that leads somewhere else
 * since its session was accepted gains nothing.
 */
export async function addressesFor(
  url: URL,
  rules: WebhookRules,
  names: Names,
): Promise<{ addresses: string[] } | { refused: string }> {
  const isPrivate = isPrivateReceiver(url, rules);
  const resolve = isPrivate ? names.private : names.public;
  const addresses = await resolve(url.hostname.replace(/^\[|\]$/g, '')).catch(() => []);
  if (addresses.length === 0) return { refused: 'the host has no address' };
  // One private address among public ones is enough: which one is dialled must not depend on luck.
  if (!isPrivate && !addresses.every(isPublicAddress))
    return { refused: 'the host leads to an address that is not public' };
  return { addresses };
}
