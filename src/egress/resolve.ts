import { lookup, Resolver } from 'node:dns/promises';
import type { Resolve } from './decide.ts';

const TIMEOUT_MS = 2_000;
const TRIES = 2;
const NO_SUCH_ANSWER = new Set(['ENODATA', 'ENOTFOUND']);

/**
 * Asks the system's name servers, at most 5 s, for both kinds of addresses; aliases (CNAME) are followed by them. Unlike
 * the system's own look-up it takes no thread, of which there are four for all sandboxes, and knows neither /etc/hosts nor
 * search domains: only names of the public DNS mean anything here.
 */
export function createResolve(): Resolve {
  return async (host) => {
    const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
    const late = setTimeout(() => resolver.cancel(), TIMEOUT_MS * TRIES + 1_000);
    try {
      const [four, six] = await Promise.all([orNone(resolver.resolve4(host)), orNone(resolver.resolve6(host))]);
      return [...four, ...six];
    } finally {
      clearTimeout(late);
    }
  };
}

/** The repo host's, by whatever means this machine has. */
export async function resolveBySystem(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

/** A host may have addresses of one kind only. Any other failure leaves addresses unseen, and so unchecked: it counts. */
async function orNone(answer: Promise<string[]>): Promise<string[]> {
  try {
    return await answer;
  } catch (error) {
    if (NO_SUCH_ANSWER.has((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}
