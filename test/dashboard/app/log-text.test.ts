/* oxlint-disable no-control-regex -- control characters are what this is about */
import { array, assert, constantFrom, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { carriedBehind, piecesOf } from '../../../src/dashboard/app/log/colours.ts';
import { LogLines } from '../../../src/dashboard/app/log/lines.ts';
import type { LogRecord } from '../../../src/session/log-record.ts';
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

describe('a line that comes in pieces', () => {
  const TIME = '2026-01-01T00:00:00.000Z';
  let id = 0;
  const piece = (text: string, over: Partial<LogRecord> = {}): LogRecord => ({
    id: `${++id}`,
    time: TIME,
    stream: 'stdout',
    text,
    partial: true,
    ...over,
  });
  const shownOf = (...records: LogRecord[]) => {
    const lines = new LogLines();
    for (const record of records) lines.add([record]);
    return lines.shown;
  };
  const texts = (...records: LogRecord[]) => shownOf(...records).map(({ text }) => text);

  test('is one line, where it began, whatever comes between', () => {
    const end = piece('yes');
    delete end.partial;
    const other = piece('warns', { stream: 'stderr' });
    delete other.partial;
    expect(texts(piece('Continue? '), other, end, piece('next'))).toEqual(['Continue? yes', 'warns', 'next']);
  });

  test('shows the last state of a bar, and how many there were', () => {
    const states = Array.from({ length: 100 }, (_, i) => piece(`\r${i + 1}%`));
    expect(shownOf(...states)).toMatchObject([{ text: '100%', overdrawn: 99 }]);
    const behind = Array.from({ length: 100 }, (_, i) => piece(`${i + 1}%\r`));
    expect(shownOf(...behind, piece(' \r\r'))).toMatchObject([{ text: '100%\r', overdrawn: 99 }]);
    const column = Array.from({ length: 10 }, (_, i) => piece(`${ESC}[1G${ESC}[0Kstep ${i}`));
    expect(shownOf(...column).map(({ text }) => visible(text))).toEqual(['step 9']);
  });

  test('hides nothing of one that is drawn over a few times, where it may be meant to fool', () => {
    expect(texts(piece('rm -rf /precious\r'), piece('ls'))).toEqual(['rm -rf /precious\rls']);
    expect(shownOf(piece(`rm -rf /precious${' '.repeat(2_000)}\rls`))).toMatchObject([{ text: 'ls', overdrawn: 1 }]);
  });

  test('keeps the colours that a state before has set', () => {
    const states = Array.from({ length: 10 }, (_, i) => piece(`${i === 2 ? `${ESC}[32m` : ''}${i}\r`));
    expect(shownOf(...states)).toMatchObject([{ text: '9\r', carried: `${ESC}[32m` }]);
  });

  test('keeps its indent, and of a state without end as much as a record holds', () => {
    expect(texts(piece('    '), piece('x'))).toEqual(['    x']);
    const long = Array.from({ length: 5 }, () => piece('y'.repeat(65_536)));
    expect(shownOf(...long)).toMatchObject([{ text: 'y'.repeat(65_536), more: 4 * 65_536, overdrawn: 0 }]);
    expect(shownOf(...long, piece('z\r'))).toMatchObject([{ more: 4 * 65_536 + 1, overdrawn: 0 }]);
    expect(shownOf(...long, piece('z\r1%'))).toMatchObject([{ text: '1%', more: 0, overdrawn: 1 }]);
  });

  test('costs no more for being long: 200 of 64 KiB of returns, with and without states between', () => {
    const began = performance.now();
    const lines = new LogLines();
    for (let i = 0; i < 200; i++) lines.add([piece('\r'.repeat(65_536)), piece('ab\r'.repeat(21_845))]);
    expect(lines.shown).toHaveLength(1);
    expect(lines.shown[0]).toMatchObject({ text: 'ab\r', overdrawn: 200 * 21_845 - 1 });
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  test('says what every cutting of it says', () => {
    const text = constantFrom('\r', 'a', ' ', `${ESC}[32m`, '\t', 'longer');
    assert(
      property(array(text, { maxLength: 40 }), (parts) => {
        const last = (shown: readonly { text: string }[]) =>
          shown[0]?.text.split('\r').findLast((state) => state.trim() !== '');
        expect(last(shownOf(...parts.map((part) => piece(part))))?.trim()).toBe(
          last(shownOf(piece(parts.join(''))))?.trim(),
        );
      }),
    );
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
