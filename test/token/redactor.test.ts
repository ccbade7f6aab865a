import { randomBytes, randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createRedactor, redactText, resumeRedactor, type HeldBack } from '../../src/token/redactor.ts';
import { Secret } from '../../src/token/secret.ts';

const TOKEN = 'rlcr-0123456789abcdef0123456789abcdef01234567';
const token = new Secret(TOKEN);

/** The output for a text in chunks, each masked by another redactor that knows of the one before only what is held back. */
function throughRedactors(secrets: Secret[], bytes: Buffer, cuts: number[]): string {
  const edges = [0, ...cuts, bytes.length].toSorted((a, b) => a - b);
  let heldBack: HeldBack | null = null;
  const pieces = edges.slice(1).flatMap((end, i) => {
    const { redactor, out } = resumeRedactor(secrets, heldBack);
    const given = redactor.push(bytes.subarray(edges[i], end));
    heldBack = redactor.heldBack;
    return [out, given, end === bytes.length && i === edges.length - 2 ? redactor.flush() : Buffer.alloc(0)];
  });
  return Buffer.concat(pieces).toString('latin1');
}

/** The output for a text cut into chunks at these places. */
function throughChunks(secrets: Secret[], bytes: Buffer, cuts: number[]): string {
  const redactor = createRedactor(secrets);
  const edges = [0, ...cuts, bytes.length].toSorted((a, b) => a - b);
  const pieces = edges.slice(1).map((end, i) => redactor.push(bytes.subarray(edges[i], end)));
  return Buffer.concat([...pieces, redactor.flush()]).toString('latin1');
}

describe('masking a stream', () => {
  const password = 'p"w\\ü+/&x';
  const encodings: [string, string, string][] = [
    ['raw', TOKEN, TOKEN],
    ['hex', TOKEN, Buffer.from(TOKEN).toString('hex')],
    ['upper-case hex', TOKEN, Buffer.from(TOKEN).toString('hex').toUpperCase()],
    ['percent-encoded', password, encodeURIComponent(password)],
    ['JSON-escaped', password, JSON.stringify(password)],
    ['base64', TOKEN, Buffer.from(TOKEN).toString('base64')],
    ['base64 after one byte', TOKEN, Buffer.from(`:${TOKEN}!`).toString('base64')],
    ['base64 of a header', TOKEN, Buffer.from(`token:${TOKEN}`).toString('base64')],
    ['base64url', '>>>???>>>???', Buffer.from('a>>>???>>>???').toString('base64url')],
  ];

  it.each(encodings)('masks a value %s, at whatever place it is cut', (_name, value, encoded) => {
    const bytes = Buffer.from(`before ${encoded} after`);
    // The characters of base64 that also depend on a neighbour stay; five of the value's own are too many.
    const core = encoded.replaceAll(/["=]/g, '').slice(2, -2);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const out = throughChunks([new Secret(value)], bytes, [cut]);
      expect(out).toContain('[secret]');
      expect(out).toMatch(/^before .* after$/);
      for (let at = 0; at + 8 <= core.length; at++) expect(out).not.toContain(core.slice(at, at + 8));
    }
  });

  it('lets a line out at once that cannot be the beginning of a secret', () => {
    const redactor = createRedactor([token]);
    expect(redactor.push(Buffer.from('working…\n')).toString()).toBe('working…\n');
    expect(redactor.push(Buffer.from('key: rlcr-01')).toString()).toBe('key: ');
    expect(redactor.push(Buffer.from('99\n')).toString()).toBe('rlcr-0199\n');
  });

  it('gives the same for every way to cut, and never more than half a secret', () => {
    for (let round = 0; round < 200; round++) {
      const secrets = Array.from({ length: 3 }, () => new Secret(randomBytes(randomInt(6, 30)).toString('base64url')));
      const parts = Array.from({ length: 12 }, () =>
        randomInt(2) === 0 ? randomBytes(randomInt(20)) : Buffer.from(secrets[randomInt(3)]?.reveal() ?? ''),
      );
      const bytes = Buffer.concat(parts);
      const whole = throughChunks(secrets, bytes, []);
      const cuts = Array.from({ length: randomInt(20) }, () => randomInt(bytes.length + 1));
      expect(throughChunks(secrets, bytes, cuts)).toBe(whole);
      expect(throughRedactors(secrets.toReversed(), bytes, cuts)).toBe(whole);
      for (const secret of secrets) expect(whole).not.toContain(secret.reveal());
    }
  });

  it('masks the longer of two secrets when one begins the other', () => {
    expect(redactText([new Secret('password'), new Secret('password-long')], 'x password-long y')).toBe('x [secret] y');
  });

  it('masks all of two occurrences that overlap or lie in one another, wherever the text is cut', () => {
    const secrets = ['abcdefgh', 'efghijkl', 'bcde', 'password', 'password-long', 'my-password-x'].map(
      (v) => new Secret(v),
    );
    const text = 'x abcdefghijkl y password-long z my-password-x bcdebcde';
    const masked = 'x [secret] y [secret] z [secret] [secret][secret]';
    expect(redactText(secrets, text)).toBe(masked);
    const bytes = Buffer.from(text);
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(throughChunks(secrets, bytes, [cut])).toBe(masked);
      expect(throughChunks(secrets, bytes, [cut, cut, Math.min(cut + 3, bytes.length)])).toBe(masked);
      for (let again = cut; again <= bytes.length; again++) {
        expect(throughRedactors(secrets, bytes, [cut, again])).toBe(masked);
      }
    }
  });

  it('masks a value as paths, forms and ASCII JSON have it', () => {
    const value = "a/b c!ü'(d)";
    const forms = [
      "a/b%20c!%C3%BC'(d)",
      'a%2Fb+c%21%C3%BC%27%28d%29',
      'a%2Fb%20c%21%C3%BC%27%28d%29',
      "a/b c!\\u00fc'(d)",
      "a\\/b c!ü'(d)",
    ];
    for (const form of forms) expect(redactText([new Secret(value)], `x=${form};`)).toBe('x=[secret];');
  });

  it('leaves text alone when there is nothing to mask', () => {
    expect(redactText([], 'abc')).toBe('abc');
    expect(redactText([new Secret('abc')], 'abc is too short to be a secret')).toBe('abc is too short to be a secret');
  });
});
