import { expect, test } from 'vitest';
import { credential } from '../../../src/git-host/auth/credential.ts';

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

test.each([
  ['Bearer abc', 'abc'],
  ['bearer abc', 'abc'],
  [basic('token:abc'), 'abc'],
  [basic(':abc'), 'abc'],
  [basic('any:with:colons'), 'with:colons'],
])('%s holds %s', (header, value) => {
  expect(credential(header, { basic: true })).toBe(value);
});

test.each([undefined, '', 'Bearer', 'Bearer ', 'Bearer a b', 'abc', basic('abc'), basic('token:'), 'Digest abc'])(
  '%s holds no credential',
  (header) => {
    expect(credential(header, { basic: true })).toBeNull();
  },
);

test('Basic is not taken where only Bearer is', () => {
  expect(credential(basic('token:abc'), { basic: false })).toBeNull();
});
