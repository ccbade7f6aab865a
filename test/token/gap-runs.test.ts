import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { createRedactor } from '../../src/token/redactor.ts';
import { Secret } from '../../src/token/secret.ts';

const TEXT = randomBytes(30_000).toString('base64url');
const LONG = new Secret(TEXT);

test('a long value that is wrapped at an even width is held back in a few words, and masked', () => {
  for (const wrapped of [
    TEXT.replaceAll(/(.{76})/g, '$1\r\n'),
    TEXT.slice(0, 8) + TEXT.slice(8).replaceAll(/(.)/g, '$1\r\n').trimEnd(),
  ]) {
    const redactor = createRedactor([LONG]);
    const half = Math.floor(wrapped.length / 2);
    const first = redactor.push(Buffer.from(`a ${wrapped.slice(0, half)}`)).toString();
    expect(JSON.stringify(redactor.heldBack).length).toBeLessThan(500);
    const rest = Buffer.concat([redactor.push(Buffer.from(`${wrapped.slice(half)} b`)), redactor.flush()]).toString();
    expect(first + rest).toBe('a [secret] b');
  }
});

test('breaks without a rhythm make it hold back no more than its bound', () => {
  let odd = '';
  for (let at = 0, width = 4; at < 40_000; at += width, width = 4 + ((at * 31) % 5))
    odd += `${TEXT.slice(at, at + width)}\n`;
  const redactor = createRedactor([LONG]);
  for (let at = 0; at < odd.length; at += 4_096) {
    redactor.push(Buffer.from(odd.slice(at, at + 4_096)));
    expect(JSON.stringify(redactor.heldBack).length).toBeLessThan(40_000);
  }
});
