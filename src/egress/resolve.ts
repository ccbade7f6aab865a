import { lookup, Resolver } from 'node:dns/promises';
import type { Resolve } from './decide.ts';

const TIMEOUT_MS = 2_000;
const TRIES = 2;
/** Whatever number of name servers there is. */
const TOTAL_MS = 5_000;

/**
 * Asks the system's name servers, at most 5 s, for both kinds of addresses; aliases (CNAME) are followed by them. Unlike
 * the system's own look-up it takes no thread, of which there are four for all sandboxes, and knows neither /etc/hosts nor
 * search domains: only names of the public DNS mean anything here.
 */
export function createResolve(servers?: string[]): Resolve {
  return async (host) => {
    const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
    if (servers !== undefined) resolver.setServers(servers);
    const late = setTimeout(() => resolver.cancel(), TOTAL_MS);
    try {
      const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
      const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
      const failure = answers.find((answer) => answer.status === 'rejected');
      // A host may have addresses of one kind only, and some name servers fail for the other: none of those is dialled.
      if (found.length === 0 && failure !== undefined) throw failure.reason;
      return found;
    } finally {
      clearTimeout(late);
    }
  };
}

/** The repo host's, by whatever means this machine has. */
export async function resolveBySystem(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}
