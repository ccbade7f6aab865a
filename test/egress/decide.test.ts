import { describe, expect, it } from 'vitest';
import { decide } from '../../src/egress/decide.ts';
import { isPublicAddress } from '../../src/egress/public-address.ts';
import { parseTarget } from '../../src/egress/target.ts';
import { parseNetworkRule } from '../../src/session/network-rule.ts';

const repoHost = { host: '127.0.0.1', port: 7080 };
const rules = { repoHost, allow: ['api.example.com', '*.example.org:8443'].map(parseNetworkRule) };

/** Decides with a DNS that gives these addresses, and tells how often it was asked. */
async function decided(target: string, addresses: string[], given = rules) {
  const asked: string[] = [];
  const resolve = async (host: string): Promise<string[]> => {
    asked.push(host);
    return addresses;
  };
  const names = { resolve, resolveRepoHost: resolve, isReachable: isPublicAddress };
  const decision = await decide(parseTarget(target) ?? { host: '', port: 0 }, given, names);
  return { ...decision, asked };
}

describe('what a sandbox may reach', () => {
  it('resolves an allowed name once and gives the addresses it has checked', async () => {
    const addresses = ['93.184.216.34', '2606:2800:220:1::1'];
    expect(await decided('API.example.com:443', addresses)).toEqual({
      allowed: true,
      ruling: { isRepoHost: false, raw: false },
      addresses,
      asked: ['api.example.com'],
    });
  });

  it('reaches the repo host whatever its address, by that name and port alone', async () => {
    expect(await decided('127.0.0.1:7080', [])).toMatchObject({ allowed: true, addresses: ['127.0.0.1'], asked: [] });
    expect(await decided('127.0.0.1:7070', [])).toMatchObject({ allowed: false });
    const named = { repoHost: { host: 'git.internal', port: 443 }, allow: [] };
    expect(await decided('git.internal:443', ['10.0.0.5'], named)).toMatchObject({
      allowed: true,
      addresses: ['10.0.0.5'],
    });
  });

  it('does not even ask DNS for a name that is not allowed', async () => {
    const reason = "evil.example.com:443 is not in this session's network.allow";
    expect(await decided('evil.example.com:443', ['93.184.216.34'])).toEqual({ allowed: false, reason, asked: [] });
    expect(await decided('api.example.com:80', ['93.184.216.34'])).toMatchObject({ allowed: false, asked: [] });
    expect(await decided('93.184.216.34:443', [])).toMatchObject({ allowed: false, asked: [] });
    expect(await decided('[::1]:443', [])).toMatchObject({
      allowed: false,
      reason: expect.stringContaining('[::1]:443'),
    });
  });

  it('refuses an allowed name when only one of its addresses is not public', async () => {
    const reason = 'api.example.com leads to an address that is not public';
    for (const address of ['169.254.169.254', '127.0.0.1', '::ffff:10.0.0.1', 'fe80::1%eth0']) {
      expect(await decided('api.example.com:443', ['93.184.216.34', address])).toMatchObject({
        allowed: false,
        reason,
      });
    }
  });

  it('refuses a name without an address, and one that DNS has trouble with', async () => {
    expect(await decided('a.example.org:8443', [])).toMatchObject({
      allowed: false,
      reason: 'a.example.org has no address',
    });
    const resolve = () => Promise.reject(new Error('SERVFAIL'));
    const names = { resolve, resolveRepoHost: resolve, isReachable: isPublicAddress };
    const failing = decide({ host: 'api.example.com', port: 443 }, rules, names);
    expect(await failing).toEqual({ allowed: false, reason: 'api.example.com has no address' });
  });
});

describe('public addresses', () => {
  it.each([
    '1.1.1.1',
    '93.184.216.34',
    '172.15.255.255',
    '172.32.0.1',
    '100.63.0.1',
    '2606:4700::1111',
    '2a00:1450::1',
  ])('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each([
    '0.0.0.0',
    '10.0.0.1',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '168.63.129.16',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    'fe80::1',
    'fe80::1%eth0',
    '2606:4700::1%eth0',
    'fc00::1',
    'fd00:ec2::254',
    'ff02::1',
    '::ffff:10.0.0.1',
    '::ffff:8.8.8.8',
    '::ffff:7f00:1',
    '::127.0.0.1',
    '64:ff9b::a00:1',
    '64:ff9b:1::1',
    '2002:a00:1::',
    '2001::1',
    '2001:db8::1',
    '',
    'localhost',
    '1.1.1',
    '0x7f000001',
  ])('%j is not', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

it.each([
  '',
  'host',
  'host:',
  ':80',
  'host:0',
  'host:65536',
  'host:80:90',
  'a b:80',
  'http://host:80',
  'user@host:80',
  '::1:80',
])('%j is no HOST:PORT', (authority) => {
  expect(parseTarget(authority)).toBeNull();
});
