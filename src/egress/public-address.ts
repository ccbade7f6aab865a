import { BlockList, isIP } from 'node:net';

/*
 * What is not the public internet, after the special-purpose registries of RFC 6890: this network, private, shared,
 * loopback, link-local (where the clouds' metadata services are), documentation, benchmarks, multicast and reserved.
 */
const SPECIAL_IPV4: [string, number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  // The host services of a cloud's virtual machines, at an address that looks public (Azure's wire server).
  ['168.63.129.16', 32],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];
/** Outside of it lie loopback, local and multicast addresses, and those that carry an IPv4 one (mapped, NAT64). */
const GLOBAL_IPV6: [string, number] = ['2000::', 3];
/** Within it: protocol assignments with Teredo, documentation, and 6to4. */
const SPECIAL_IPV6: [string, number][] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

// One list for each: a BlockList takes IPv4 addresses for mapped ones and finds them in IPv6 networks.
const specialIpv4 = new BlockList();
for (const network of SPECIAL_IPV4) specialIpv4.addSubnet(...network, 'ipv4');
const globalIpv6 = new BlockList();
globalIpv6.addSubnet(...GLOBAL_IPV6, 'ipv6');
const specialIpv6 = new BlockList();
for (const network of SPECIAL_IPV6) specialIpv6.addSubnet(...network, 'ipv6');

/** Whether an address, as a resolver gives it, belongs to the public internet. What is no address does not. */
export function isPublicAddress(address: string): boolean {
  // An address with a zone belongs to one link of this host.
  if (address.includes('%')) return false;
  const family = isIP(address);
  if (family === 4) return !specialIpv4.check(address, 'ipv4');
  return family === 6 && globalIpv6.check(address, 'ipv6') && !specialIpv6.check(address, 'ipv6');
}
