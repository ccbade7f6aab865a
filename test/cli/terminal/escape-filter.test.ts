import { array, assert, constantFrom, oneof, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { EscapeFilter } from '../../../src/cli/terminal/escape-filter.ts';
import { visible, visibleJson } from '../../../src/cli/terminal/visible.ts';

const ESC = '\u001b';

function shown(line: string, keepsColours = true): string {
  const filter = new EscapeFilter({ keepsColours });
  return filter.pass(line) + filter.endLine();
}

test.each([
  ['text in any language', 'grüß 世界 🚀\tend', 'grüß 世界 🚀\tend'],
  ['a colour, which ends with its line', `${ESC}[1;31mred`, `${ESC}[1;31mred${ESC}[0m`],
  ['a colour of 24 bits', `${ESC}[38;2;1;2;3mx${ESC}[0m`, `${ESC}[38;2;1;2;3mx${ESC}[0m`],
])('%s passes', (_what, line, expected) => {
  expect(shown(line)).toBe(expected);
});

test.each([
  ['the clipboard (OSC 52), ended by BEL', `a${ESC}]52;c;cm0gLXJm\u0007b`],
  ['the clipboard, ended by ST', `a${ESC}]52;c;cm0gLXJm${ESC}\\b`],
  ['the title', `a${ESC}]0;root@bank\u0007b`],
  ['a hyperlink', `a${ESC}]8;;http://evil.example${ESC}\\b`],
  ['the cursor', `a${ESC}[1A${ESC}[2K${ESC}[H${ESC}[10;10fb`],
  ['a clearing of the screen', `a${ESC}[2J${ESC}cb`],
  ['a question that the terminal would answer as if typed', `a${ESC}[6n${ESC}[c${ESC}Zb`],
  ['the alternate screen and the mouse', `a${ESC}[?1049h${ESC}[?1000hb`],
  ['a device control string', `a${ESC}P+q544e${ESC}\\b`],
  ['an application command', `a${ESC}_Gf=100;AAAA${ESC}\\b`],
  ['another character set', `a${ESC}(0${ESC}#8b`],
  ['C1 controls', `a\u009b2Jb`],
  ['an operating system command in C1', `a\u009d52;c;x\u009cb`],
  ['bells and backspaces', 'a\u0007\u0008\u007fb'],
  ['a parameter that is none of a colour', `a${ESC}[>4;1mb`],
])('%s does not pass', (_what, line) => {
  expect(shown(line)).toBe('ab');
});

test('what returns to the beginning of its line gets a line for each state', () => {
  expect(shown('10%\r20%')).toBe('10%\n20%');
});

test('a return at the end of a piece or of a line opens no line before the next state is there', () => {
  const filter = new EscapeFilter({ keepsColours: true });
  expect(filter.pass('10%\r')).toBe('10%');
  expect(filter.pass(`${ESC}[2K\r`)).toBe('');
  expect(filter.pass('20%')).toBe('\n20%');
  expect(filter.pass('\r') + filter.endLine()).toBe('');
  expect(filter.pass('\rnext')).toBe('next');
});

test('colours are left out where none are wanted', () => {
  expect(shown(`${ESC}[31mred${ESC}[0m`, false)).toBe('red');
});

test('what is unfinished at the end of a line swallows nothing of the next', () => {
  const filter = new EscapeFilter({ keepsColours: true });
  expect(filter.pass(`a${ESC}]0;never ended`) + filter.endLine()).toBe('a');
  expect(filter.pass('b')).toBe('b');
});

test('however a line is cut in pieces, no control character passes but those of colours', () => {
  const piece = oneof(constantFrom(ESC, `${ESC}[`, `${ESC}]52;`, '\u009b', '31m', '\u0007', '\r', 'A', '\\'), string());
  assert(
    property(array(piece, { maxLength: 20 }), (pieces) => {
      const filter = new EscapeFilter({ keepsColours: true });
      const passed = pieces.map((text) => filter.pass(text)).join('') + filter.endLine();
      const rest = passed.replaceAll(new RegExp(`${ESC}\\[[\\d;:]*m`, 'g'), '').replaceAll(/[\t\n]/g, '');
      expect(rest).not.toMatch(/\p{Cc}/u);
      const whole = new EscapeFilter({ keepsColours: true });
      expect(whole.pass(pieces.join('')) + whole.endLine()).toBe(passed);
    }),
  );
});

test('values of the API are shown with their control characters written out', () => {
  expect(visible(`a${ESC}[31m\n\u202e\u2028é`)).toBe('a\\x1b[31m\\x0a\\u{202e}\\u{2028}é');
});

test('JSON on a terminal shows what acts on it, and is the same for a program', () => {
  const value = { text: '\u009b2J \u202e evil \u{e0041} \u001b[2J' };
  const json = visibleJson(value, 2);
  expect(json).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
  expect(JSON.parse(json)).toEqual(value);
});

test.each([
  ['text that runs the other way', 'a\u202eexe.txt\u202cb', 'a\\u{202e}exe.txt\\u{202c}b'],
  ['isolates and marks of direction', 'a\u2067b\u2069\u200f\u061c', 'a\\u{2067}b\\u{2069}\\u{200f}\\u{61c}'],
  ['characters without width', 'p\u200ba\u2060s\ufeffs', 'p\\u{200b}a\\u{2060}s\\u{feff}s'],
  ['joiners between plain letters', 'pa\u200dss\u200c', 'pa\\u{200d}ss\\u{200c}'],
  ['text in tags', 'hi\u{e0068}\u{e0069}', 'hi\\u{e0068}\\u{e0069}'],
  ['fillers that look like a space', 'a\u3164b\u115fc', 'a\\u{3164}b\\u{115f}c'],
])('%s is written out', (_what, line, expected) => {
  expect(shown(line)).toBe(expected);
});

test.each([
  ['an emoji of several', '👩\u200d💻 🏳\ufe0f\u200d🌈 👩🏽\u200d🚀'],
  ['a flag of tags', '\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}'],
  ['letters that are joined or kept apart', 'می\u200cخواهم क्\u200dष'],
])('%s stays whole', (_what, line) => {
  expect(shown(line)).toBe(line);
});

test.each([
  [`${ESC}[8mhidden${ESC}[0m`, `hidden${ESC}[0m`],
  [`${ESC}[1;8;31mhidden`, 'hidden'],
  [`${ESC}[38;5;8mgrey`, `${ESC}[38;5;8mgrey${ESC}[0m`],
  [`${ESC}[38;2;8;8;8;1mgrey`, `${ESC}[38;2;8;8;8;1mgrey${ESC}[0m`],
])('the colour that hides does not pass, those with an 8 in their number do: %j', (line, expected) => {
  expect(shown(line)).toBe(expected);
});
