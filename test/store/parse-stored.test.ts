import { expect, test } from 'vitest';
import { z } from 'zod';
import { parseSession, UnreadableRecord } from '../../src/store/parse-record.ts';
import { readRecord } from '../../src/store/readable.ts';

const MORE = 8 * 1024 ** 2 + 1;
const WORDS = `has ${MORE} characters, and nothing that is stored has more than ${MORE - 1}`;

test('a record that is longer than any is not read, and named with what is wrong', () => {
  const text = JSON.stringify('x'.repeat(MORE - 2));
  expect(() => parseSession('ses_long', text)).toThrow(UnreadableRecord);
  expect(() => parseSession('ses_long', text)).toThrow(
    `The record of session ses_long cannot be read: the record: ${WORDS}`,
  );
  expect(readRecord(z.unknown(), '1-0', text)).toEqual({ id: '1-0', field: '(record)', problem: WORDS });
});

test('one that is as long as one may be is read', () => {
  const value = 'x'.repeat(MORE - 3);
  expect(readRecord(z.string(), '1-0', JSON.stringify(value))).toBe(value);
});
