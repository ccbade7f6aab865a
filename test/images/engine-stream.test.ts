import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { followEngine } from '../../src/images/engine-stream.ts';

const follow = (lines: object[], onLine: (line: string) => void = () => {}) =>
  followEngine(Readable.from(lines.map((line) => `${JSON.stringify(line)}\n`)), { doing: 'Building x', onLine });

test('each line of the engine’s work is handed on, and the last is the result', async () => {
  const seen: string[] = [];
  const last = await follow([{ stream: 'Step 1/2\n' }, { stream: '\n' }, { status: 'a\nb', id: '1' }], (line) =>
    seen.push(line),
  );
  expect(seen).toEqual(['Step 1/2', 'a', 'b']);
  expect(last).toBe('b');
});

test('an error in the middle of the work is thrown with the last lines before it', async () => {
  const lines = Array.from({ length: 30 }, (_, index) => ({ stream: `line ${index}.\n` }));
  const failed = follow([...lines, { error: 'apt-get returned 100', errorDetail: {} }]);
  await expect(failed).rejects.toThrow(
    /^Building x failed: apt-get returned 100\n {2}line 10\.(\n {2}line \d+\.)*\n {2}line 29\.$/,
  );
});

test('a line without end is no work of an engine', async () => {
  const endless = Readable.from(Array.from({ length: 40 }, () => 'x'.repeat(64 * 1024)));
  const followed = followEngine(endless, { doing: 'Building x', onLine: () => {} });
  await expect(followed).rejects.toThrow('Building x failed: the engine says a line of more than 1048576 characters');
});

test('an engine that breaks off is told of', async () => {
  async function* brokenOff() {
    yield '{"stream":"a"}\n';
    throw new Error('connection reset');
  }
  const followed = followEngine(Readable.from(brokenOff()), { doing: 'Building x', onLine: () => {} });
  await expect(followed).rejects.toThrow('connection reset');
});
