import { describe, expect, test } from 'vitest';
import { shownUrl, webhookSecretProblem, webhookUrlProblem } from '../../src/webhook/url.ts';

const rules = { ports: [443, 8443], privateHosts: ['receiver.internal:8080', '127.0.0.1:9000'] };

describe('a webhook URL', () => {
  test.each([
    'https://example.com/hook?key=value',
    'https://example.com:8443/',
    'https://xn--bcher-kva.example/',
    'http://receiver.internal:8080/hook',
    'https://receiver.internal:8080/',
    'http://127.0.0.1:9000/',
  ])('%s is taken', (url) => {
    expect(webhookUrlProblem(url, rules)).toBeNull();
  });

  test.each([
    ['http://example.com/', 'https'],
    ['ftp://example.com/', 'https'],
    ['file:///etc/passwd', 'https'],
    ['https:example.com', 'https'],
    ['https://exa mple.com/', 'https'],
    ['https://example.com\\@evil.example/', 'https'],
    ['https://user:pw@example.com/', 'user'],
    ['https://user@example.com/', 'user'],
    ['https://example.com:22/', 'port'],
    ['https://localhost/', 'public host'],
    ['https://metadata/', 'public host'],
    ['https://127.0.0.1/', 'address'],
    ['https://2130706433/', 'address'],
    ['https://0x7f.1/', 'address'],
    ['https://0177.0.0.1/', 'address'],
    ['https://169.254.169.254/latest/meta-data', 'address'],
    ['https://[::1]/', 'address'],
    ['https://[::ffff:127.0.0.1]/', 'address'],
    ['https://１２７.0.0.1/', 'address'],
    ['http://receiver.internal/', 'https'],
    ['http://receiver.internal:8081/', 'https'],
    ['http://127.0.0.1:9001/', 'https'],
    [`https://example.com/${'a'.repeat(2_048)}`, 'characters'],
  ])('%s is refused', (url, why) => {
    expect(webhookUrlProblem(url, rules)).toContain(why);
  });

  test('is shown without path and query, which may be what opens the receiver', () => {
    expect(shownUrl('https://hooks.example.com/T0/B0/secret?key=x')).toBe('https://hooks.example.com/…');
    expect(shownUrl('https://example.com:8443')).toBe('https://example.com:8443');
  });
});

describe('a webhook secret', () => {
  const encode = (bytes: number): string => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`;

  test.each([24, 32, 64])('of %i bytes is taken', (bytes) => {
    expect(webhookSecretProblem(encode(bytes))).toBeNull();
  });

  test.each([
    encode(23),
    encode(65),
    'whsec_',
    'a plain text of more than 24 characters',
    `${encode(32)}!`,
    'whsec_A'.repeat(9),
  ])('%s is refused', (text) => {
    expect(webhookSecretProblem(text)).toContain('whsec_');
  });
});
