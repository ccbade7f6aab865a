import { expect, test } from 'vitest';
import { createProgress } from '../../../src/cli/up/progress.ts';

function screen(isTTY: boolean) {
  let text = '';
  let now = 0;
  const progress = createProgress({ write: (part) => (text += part), isTTY }, () => (now += 1_500));
  return { progress, text: () => text };
}

test('without a terminal every line is written once, with the time of its step', async () => {
  const { progress, text } = screen(false);
  await progress.step('redis', async () => progress.line('  a detail'));
  expect(text()).toBe('  a detail\n✓ redis  1.5 s\n');
});

test('on a terminal the running step stays below the lines, and makes room for its time', async () => {
  const { progress, text } = screen(true);
  await progress.step('redis', async () => progress.line('  a detail'));
  // What a terminal shows: a carriage return with "clear line" takes back what was written on it.
  const shown = text()
    .split('\n')
    .map((line) => line.split('\r\u001b[K').at(-1));
  expect(shown).toEqual(['  a detail', '✓ redis  1.5 s', '']);
});

test('a step that fails is marked, and its failure goes on to whoever asked', async () => {
  const { progress, text } = screen(false);
  await expect(progress.step('redis', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(text()).toBe('✗ redis  1.5 s\n');
});
