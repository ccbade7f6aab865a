import { createServer as createHttpServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createReachable } from '../../src/egress/own-addresses.ts';
import { cached } from '../../src/egress/resolve-cache.ts';
import { shownHost } from '../../src/egress/target.ts';
import { exchange, gatewayRig, serve, type GatewayRig } from './support/rig.ts';

const PUBLIC = '93.184.216.34';
const OWN = '93.184.216.99';
const ALLOW = ['api.example.com:80', '*.example.org:80', 'xn--bcher-kva.example.com:80'];

/** A gateway that must dial nothing, and what it has asked DNS for. */
async function lonely(
  addresses: string[],
): Promise<{ rig: GatewayRig; path: string; asked: string[]; dialled: string[][] }> {
  const [asked, dialled]: [string[], string[][]] = [[], []];
  const port = await serve(createHttpServer((_req, res) => void res.end('the repo host')));
  const rig = await gatewayRig({
    repoPort: port,
    ownAddresses: () => ['127.0.0.1', '10.1.2.3', OWN, '2606:4700::77', 'fe80::1%eth0'],
    deniedAddresses: ['93.184.217.0/24', '2606:4701::/32'],
    resolve: async (host) => (asked.push(host), addresses),
    dial: (to) => (dialled.push(to), Promise.reject(new Error('nothing is to be dialled here'))),
  });
  await rig.start();
  return { rig, path: await rig.sandbox('sbx_a', ALLOW), asked, dialled };
}

const connect = (authority: string): string => `CONNECT ${authority} HTTP/1.1\r\nHost: x\r\n\r\n`;
const get = (url: string): string => `GET ${url} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;

describe('forms of an address that no rule can mean', () => {
  const FORMS = [
    '127.0.0.1:80',
    '0:80',
    '0.0.0.0:80',
    '127.1:80',
    '0x7f.1:80',
    '0x7f000001:80',
    '2130706433:80',
    '017700000001:80',
    '0177.0.0.1:80',
    '127.0.0.1.:80',
    '169.254.169.254:80',
    '[::1]:80',
    '[::ffff:127.0.0.1]:80',
    '[::ffff:7f00:1]:80',
    '[64:ff9b::7f00:1]:80',
    '[2002:7f00:1::]:80',
    '[fe80::1%25eth0]:80',
    '[fe80::1%eth0]:80',
    '[::]:80',
    'localhost:80',
    'localhost.:80',
    'LOCALHOST:80',
    'api.example.com.:80',
    'example.org:80',
    '.example.org:80',
    'a..example.org:80',
    '*.example.org:80',
    'api.example.com:0',
    'api.example.com:65536',
    'api.example.com:080000',
    'api.example.com:-1',
    'api.example.com:80@evil.com:80',
    'user@api.example.com:80',
    'api.example.com%00.evil.com:80',
    'api.example.com%2e:80',
    'b\u00fccher.example.com:80',
    `${'a.'.repeat(140)}example.org:80`,
    `${'a'.repeat(64)}.example.org:80`,
    `${'a'.repeat(5_000)}.example.org:80`,
    'api.example.com\t:80',
    'api_.example.org:80',
    '-a.example.org:80',
    'evil.com:80/api.example.com',
    'evil.com:80#api.example.com:80',
  ];

  it.each(FORMS.filter((form) => form !== '127.0.0.1:80'))(
    'a tunnel to %s is refused without a question to DNS',
    async (authority) => {
      const { path, asked, dialled } = await lonely([PUBLIC]);
      expect(await exchange(path, connect(authority))).toMatch(/^HTTP\/1\.1 40[03] /);
      expect([asked, dialled]).toEqual([[], []]);
    },
  );

  it.each(FORMS.filter((form) => !/%2e|b\u00fccher|080000|\t|#api/.test(form)))(
    'a request for http://%s/ likewise',
    async (authority) => {
      const { path, asked, dialled } = await lonely([PUBLIC]);
      expect(await exchange(path, get(`http://${authority}/`))).toMatch(/^HTTP\/1\.1 40[03] /);
      expect([asked, dialled]).toEqual([[], []]);
    },
  );

  it('reaches the repo host at its very port, and by no other name of it', async () => {
    const { rig, path } = await lonely([PUBLIC]);
    const repo = rig.repoPort;
    for (const name of ['localhost', '127.0.0.2', '[::1]', '[::ffff:127.0.0.1]', '127.0.0.1.']) {
      expect(await exchange(path, connect(`${name}:${repo}`))).toMatch(/^HTTP\/1\.1 403 /);
    }
    expect(await exchange(path, connect(`127.0.0.1:${repo + 1}`))).toMatch(/^HTTP\/1\.1 403 /);
    expect(await exchange(path, connect(`127.0.0.1:${repo}`))).toMatch(/^HTTP\/1\.1 502 /);
  });

  it('knows an international name by its ASCII form alone', async () => {
    const { path, asked } = await lonely([PUBLIC]);
    await exchange(path, connect('xn--bcher-kva.example.com:80'));
    expect(asked).toEqual(['xn--bcher-kva.example.com']);
  });
});

describe('an allowed name', () => {
  it.each([
    ['this host, at a public address of it', [OWN]],
    ['this host, by IPv6', ['2606:4700:0:0::77']],
    ['this host among others', [PUBLIC, OWN]],
    ['what the operator denies', ['93.184.217.1']],
    ['what the operator denies, by IPv6', [PUBLIC, '2606:4701::1']],
    ['a metadata service', ['169.254.169.254']],
    ['a metadata service by IPv6', ['fd00:ec2::254']],
    ['an address mapped to IPv6', ['::ffff:93.184.216.34']],
    ['an address behind NAT64', ['64:ff9b::5db8:d822']],
    ['an address behind 6to4', ['2002:7f00:1::1']],
    ['an address with a zone', ['2606:4700::1%eth0']],
    ['what is no address', ['not an address']],
  ])('that leads to %s is refused, and nothing is dialled', async (_where, addresses) => {
    const { path, dialled } = await lonely(addresses);
    const reason = /^HTTP\/1\.1 403 [^]*api\.example\.com leads to an address that is not public/;
    expect(await exchange(path, connect('api.example.com:80'))).toMatch(reason);
    expect(await exchange(path, get('http://api.example.com/'))).toMatch(reason);
    expect(dialled).toEqual([]);
  });

  it('that changes its answer is dialled at the addresses that were checked', async () => {
    const answers = [[PUBLIC], ['127.0.0.1'], ['127.0.0.1']];
    const dialled: string[][] = [];
    const rig = await gatewayRig({
      repoPort: 1,
      resolve: async () => answers.shift() ?? [],
      dial: (to) => (dialled.push(to), Promise.reject(new Error('far away'))),
    });
    await rig.start();
    const path = await rig.sandbox('sbx_a', ALLOW);
    expect(await exchange(path, connect('api.example.com:80'))).toMatch(/^HTTP\/1\.1 502/);
    expect(dialled).toEqual([[PUBLIC]]);
    // Another sandbox has its own answers.
    const other = await rig.sandbox('sbx_b', ALLOW);
    expect(await exchange(other, connect('api.example.com:80'))).toMatch(/^HTTP\/1\.1 403/);
  });
});

it('judges this machine by its addresses of now', async () => {
  let own = [OWN];
  const isReachable = createReachable([], () => own);
  expect([isReachable(OWN), isReachable(PUBLIC)]).toEqual([false, true]);
  own = [PUBLIC];
  await new Promise((resolve) => setTimeout(resolve, 1_050));
  expect([isReachable(OWN), isReachable(PUBLIC)]).toEqual([true, false]);
});

it('remembers an answer for 10 s, asks once for many, forgets failures, and bounds what it remembers', async () => {
  let [now, asked] = [0, 0];
  const resolve = cached(
    async (host) => {
      asked++;
      if (host === 'broken') throw new Error('SERVFAIL');
      return [PUBLIC];
    },
    () => now,
  );
  await Promise.all(Array.from({ length: 50 }, () => resolve('a')));
  expect(asked).toBe(1);
  now = 10_001;
  await resolve('a');
  expect(asked).toBe(2);
  await expect(resolve('broken')).rejects.toThrow('SERVFAIL');
  await expect(resolve('broken')).rejects.toThrow('SERVFAIL');
  expect(asked).toBe(4);
  for (let i = 0; i < 300; i++) await resolve(`name-${i}`);
  await resolve('a');
  expect(asked).toBe(305);
});

it.each([
  ['api.example.com', 'api.example.com'],
  [`${'s3cr3t'.repeat(7)}.evil.com`, 's3cr(42).evil.com'],
  ['2606:2800:220:1:248:1893:25c8:1946', '2606:2800:220:1:248:1893:25c8:1946'],
  ['a\u202eb<script>.com', 'a?b?script?.com'],
])('shows %j as %j', (host, shown) => {
  expect(shownHost(host)).toBe(shown);
});
