import { expect, test } from 'vitest';
import { findAddresses } from '../../../src/git-host/import/find-addresses.ts';
import { parseRemote } from '../../../src/git-host/import/remote.ts';

const HOUSE = ['git.internal:3000', '10.0.0.5:80', '[fd00::1]:443'];

test.each([
  'https://example.com/project.git',
  'HTTP://example.com/project',
  'https://example.com:443/a/b.git',
  'http://git.internal:3000/x.git',
  'http://10.0.0.5/x.git',
  'https://[fd00::1]/x.git',
])('%s may be imported', (url) => {
  expect(parseRemote(url, HOUSE)).toMatchObject({ authorization: null });
});

test.each([
  ['file:///etc', 'an http or https URL'],
  ['ssh://git@example.com/x.git', 'an http or https URL'],
  ['git@example.com:x.git', 'an http or https URL'],
  ['ext::sh -c id', 'an http or https URL'],
  ['https:example.com', 'an http or https URL'],
  ['https://exa mple.com/x', 'an http or https URL'],
  ['https://example.com\\@10.0.0.1/x', 'an http or https URL'],
  ['https://example.com/x\ny', 'an http or https URL'],
  ['https://example.com/x?private_token=s', 'no query'],
  ['https://example.com/x#y', 'no fragment'],
  ['https://%ff@example.com/', 'percent-encoded UTF-8'],
  ['http://127.0.0.1/x.git', 'not an address'],
  ['http://2130706433/x.git', 'not an address'],
  ['http://0x7f.1/x.git', 'not an address'],
  ['http://[::1]/x.git', 'not an address'],
  ['http://169.254.169.254/latest', 'not an address'],
  ['http://8.8.8.8/x.git', 'not an address'],
  ['http://localhost/x.git', 'public internet'],
  ['https://example.com./x.git', 'public internet'],
  ['https://example.com:22/x.git', 'one of the ports 80, 443'],
  ['http://git.internal:3001/x.git', 'one of the ports 80, 443'],
  [`https://example.com/${'x'.repeat(2_048)}`, 'an http or https URL'],
])('%j may not, and the message says why without the URL: %s', (url, reason) => {
  expect(() => parseRemote(url, HOUSE)).toThrow(reason);
  expect(() => parseRemote(url, HOUSE)).toThrow(/^source\.url: [^@]*$/);
});

test('credentials leave the URL for a header', () => {
  const remote = parseRemote('https://user:p%40ss@example.com/x.git', []);
  expect(remote.url.href).toBe('https://example.com/x.git');
  expect(remote.authorization?.reveal()).toBe(`Basic ${Buffer.from('user:p@ss').toString('base64')}`);
  expect(JSON.stringify(remote)).not.toContain('p@ss');
});

test('every address of a public name must be public, while the operator’s own may be anything', async () => {
  const names = (addresses: string[]) => ({ public: async () => addresses, private: async () => ['10.0.0.5'] });
  const remote = parseRemote('https://example.com/x.git', []);
  expect(await findAddresses(remote, names(['93.184.215.14']))).toEqual(['93.184.215.14']);
  for (const address of ['10.0.0.1', '127.0.0.1', '169.254.169.254', '::1', '::ffff:10.0.0.1', 'fe80::1%eth0']) {
    await expect(findAddresses(remote, names(['93.184.215.14', address]))).rejects.toThrow('not public');
  }
  await expect(findAddresses(remote, names([]))).rejects.toThrow('no address');
  expect(await findAddresses(parseRemote('http://git.internal:3000/x', HOUSE), names([]))).toEqual(['10.0.0.5']);
});
