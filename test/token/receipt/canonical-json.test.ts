import { expect, test } from 'vitest';
import { canonicalJson } from '../../../src/token/receipt/canonical-json.ts';

test('names are sorted by their UTF-16 units, also those that look like numbers, and inside lists', () => {
  // The names of RFC 8785, section 3.2.3, in an order of our own.
  const value = {
    '\u20ac': 'Euro Sign',
    '1': 'One',
    '\u0080': 'Control',
    '\r': 'Carriage Return',
    '\ufb33': 'Hebrew Letter Dalet With Dagesh',
    '\u{1f600}': 'Emoji: Grinning Face',
    '\u00f6': 'Latin Small Letter O With Diaeresis',
  };
  const names = [...canonicalJson(value).matchAll(/:"([^"]+)"/g)].map(([, name]) => name);
  expect(names).toEqual([
    'Carriage Return',
    'One',
    'Control',
    'Latin Small Letter O With Diaeresis',
    'Euro Sign',
    'Emoji: Grinning Face',
    'Hebrew Letter Dalet With Dagesh',
  ]);
  expect(canonicalJson([{ b: 1, a: { 10: null, 9: true } }])).toBe('[{"a":{"10":null,"9":true},"b":1}]');
});

test('strings and numbers are written as RFC 8785 has them, without white space', () => {
  // Section 3.2.2.
  const numbers = [333333333.3333333, 1e30, 4.5, 2e-3, 0.000000000000000000000000001];
  expect(canonicalJson({ numbers, string: '\u20ac$\u000f\u000aA\'\u0042\u0022\u005c\\"/' })).toBe(
    '{"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
});
