import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { linesOf } from '../../src/ops/lines.ts';

test.each([
  ['lines, however they are cut', ['a', 'b\nc', '\n\nd\r\n', 'e\n'], ['ab', 'c', '', 'd', 'e']],
  ['a last one without a line break', ['a\nb'], ['a', 'b']],
  ['nothing of nothing', [], []],
  ['a character that is cut', [Buffer.from([0x61, 0xc3]), Buffer.from([0xa4, 0x0a])], ['aä']],
  ['one that is too long in pieces', ['123456', '7890', '12', '3\nx\n'], ['123456', '789012', '3', 'x']],
])('a stream gives %s', async (_, chunks, lines) => {
  expect(await Array.fromAsync(linesOf(Readable.from(chunks), 5))).toEqual(lines);
});

test('a stream that breaks off is told of, after what it said', async () => {
  async function* brokenOff() {
    yield 'a\nb';
    throw new Error('connection reset');
  }
  const seen: string[] = [];
  const follow = async (): Promise<void> => {
    for await (const line of linesOf(brokenOff(), 5)) seen.push(line);
  };
  await expect(follow()).rejects.toThrow('connection reset');
  expect(seen).toEqual(['a']);
});
