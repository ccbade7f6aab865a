/* oxlint-disable no-control-regex -- control characters are what this is about */
import { array, assert, constantFrom, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { carriedBehind, piecesOf } from '../../../src/dashboard/app/log/colours.ts';
import { LogLines } from '../../../src/dashboard/app/log/lines.ts';
import { visible } from '../../../src/dashboard/app/log/visible.ts';

const ESC = '\u001b';

describe('a line that is shown', () => {
  test.each([
    ['a title is set', `${ESC}]0;taken\u0007text`, 'text'],
    ['a link is made, ended by ST', `${ESC}]8;;http://evil.test${ESC}\\text${ESC}]8;;${ESC}\\`, 'text'],
    ['the screen is cleared and the cursor moved', `${ESC}[2J${ESC}[1;1Htext${ESC}[?25l`, 'text'],
    ['a device control string', `${ESC}Pq#0;2${ESC}\\text`, 'text'],
    ['an order that is cut off', `${ESC}]0;text`, '␛]0;text'],
    ['a line break of DOS', 'text\r', 'text'],
    ['backspaces', 'hidden\b\b', 'hidden␈␈'],
    ['characters that turn the direction', 'a\u202eb', 'a<202E>b'],
    ['C1 controls', 'a\u009bb', 'a<009B>b'],
    ['a tab', 'a\tb', 'a\tb'],
  ])('shows what there is where %s', (_what, text, expected) => expect(visible(text)).toBe(expected));

  test('holds no control character but tabs and colours, whatever comes', () => {
    const pieces = constantFrom(ESC, '[', ']', '0;1m', 'm', '\u0007', '\\', 'P', '\r', '\0', '\u0090', '\u202e', 'x');
    assert(
      property(
        array(pieces).map((parts) => parts.join('')),
        (text) => {
          const shown = visible(text).replaceAll(/\u001b\[[\d;:]*m/g, '');
          expect(shown).not.toMatch(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u202a-\u202e]/);
        },
      ),
    );
  });
});

describe('colours', () => {
  test('are classes where a theme has them, and values of three numbers where none has', () => {
    const styles = piecesOf(`${ESC}[91;44ma${ESC}[0;38;5;196mb${ESC}[38;5;244mc${ESC}[48;2;1;2;3md`, '');
    expect(styles.map(({ text, classes, color, background }) => [text, classes, color, background])).toEqual([
      ['a', 'ansi-bright-red ansi-blue-bg', null, null],
      ['b', '', 'rgb(255, 0, 0)', null],
      ['c', '', 'rgb(128, 128, 128)', null],
      ['d', '', 'rgb(128, 128, 128)', 'rgb(1, 2, 3)'],
    ]);
  });

  test('go on behind a line until they are reset, and no longer than makes sense', () => {
    const on = carriedBehind(`${ESC}[1m${ESC}[31mred`, '');
    expect(carriedBehind('plain', on)).toBe(`${ESC}[1m${ESC}[31m`);
    expect(carriedBehind(`end${ESC}[0m`, on)).toBe('');
    expect(carriedBehind(`end${ESC}[m${ESC}[32mgreen`, on)).toBe(`${ESC}[32m`);
    expect(carriedBehind(`${ESC}[1m`.repeat(100), '')).toBe('');
  });
});

describe('the lines of a log', () => {
  const TIME = '2026-01-01T00:00:00.000Z';
  const add = (lines: LogLines, from: number, count: number, text = 'x') =>
    lines.add(
      Array.from({ length: count }, (_, index) => {
        const id = from + index;
        return { id: `${id}`, time: TIME, stream: id % 2 === 0 ? ('stderr' as const) : ('stdout' as const), text };
      }),
    );

  test('are those of the stream that is shown, also as they come', () => {
    const lines = new LogLines();
    add(lines, 1, 4);
    lines.show('stderr');
    add(lines, 5, 2);
    expect(lines.shown.map(({ id }) => id)).toEqual(['2', '4', '6']);
    lines.show('all');
    expect(lines.shown).toHaveLength(6);
  });

  test('are bounded in number and in size, and the oldest are counted when they go', () => {
    const lines = new LogLines();
    for (let from = 1; from < 500_000; from += 50_000) add(lines, from, 50_000);
    expect(lines.shown.length).toBeLessThanOrEqual(200_000);
    expect(lines.forgotten + lines.shown.length).toBe(500_000);
    expect(lines.shown.at(-1)?.id).toBe('500000');
    const large = new LogLines();
    for (let from = 1; from <= 4_000; from += 1_000) add(large, from, 1_000, 'y'.repeat(65_536));
    expect(large.shown.length).toBeLessThanOrEqual(1_024);
    expect(large.forgotten + large.shown.length).toBe(4_000);
  });
});
