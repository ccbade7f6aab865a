import { createReachable } from '../../egress/own-addresses.ts';
import type { Names } from '../../webhook/resolve.ts';
import { HostError } from '../http/host-error.ts';
import type { Remote } from './remote.ts';

/**
 * The addresses that an import may connect to, asked for once and used for all its connections. Throws `bad_value` unless every
 * one of them is public and not this machine's own: which one is dialled must not depend on luck.
 */
export async function findAddresses({ url, isPrivate }: Remote, names: Names): Promise<string[]> {
  const resolve = isPrivate ? names.private : names.public;
  const addresses = await resolve(url.hostname.replace(/^\[|\]$/g, '')).catch(() => []);
  if (addresses.length === 0) throw new HostError('bad_value', 'source.url: the host has no address');
  if (!isPrivate && !addresses.every(createReachable([])))
    throw new HostError('bad_value', 'source.url: the host leads to an address that is not public');
  return addresses;
}
