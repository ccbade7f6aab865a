import { networkInterfaces } from 'node:os';
import { BlockList, isIPv4 } from 'node:net';
import { isPublicAddress } from './public-address.ts';

/** Interfaces come and go; they are asked for again this often. */
const KNOWN_FOR_MS = 1_000;

/** The addresses of this machine, as the system has them now. */
function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((found) => (found ?? []).map(({ address }) => address));
}

/**
 * Whether a sandbox may be led to an address: to public ones, but not to one of this machine's own, where services listen
 * that trust their neighbours, nor to those that the operator denies (`1.2.3.0/24` or a single address).
 */
export function createReachable(denied: string[], own: () => string[] = ownAddresses): (address: string) => boolean {
  const always = listOf(denied);
  let current = listOf(own());
  let askedAt = performance.now();
  return (address) => {
    if (performance.now() - askedAt > KNOWN_FOR_MS) {
      current = listOf(own());
      askedAt = performance.now();
    }
    const family = isIPv4(address) ? 'ipv4' : 'ipv6';
    return isPublicAddress(address) && !current.check(address, family) && !always.check(address, family);
  };
}

function listOf(texts: string[]): BlockList {
  const list = new BlockList();
  for (const text of texts) {
    const [address = '', bits] = text.split('/');
    const family = isIPv4(address) ? 'ipv4' : 'ipv6';
    if (bits === undefined) list.addAddress(address.replace(/%.*/, ''), family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}
