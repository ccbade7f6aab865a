import { describe, expect, it } from 'vitest';
import { MAX_LINE_BYTES } from '../../../src/session/log-record.ts';
import { LineSplitter } from '../../../workers/log/line-splitter.ts';

const texts = (lines: { text: string }[]): string[] => lines.map(({ text }) => text);

describe('cutting output into lines', () => {
  it('gives a line once its line break has come, and the last one at the end', () => {
    const splitter = new LineSplitter();
    expect(texts(splitter.push(Buffer.from('one\ntw')))).toEqual(['one']);
    expect(texts(splitter.push(Buffer.from('o\n\nthr')))).toEqual(['two', '']);
    expect(texts(splitter.flush())).toEqual(['thr']);
    expect(splitter.flush()).toEqual([]);
  });

  it('cuts a long line into partial pieces that lose nothing and never halve a character', () => {
    const splitter = new LineSplitter();
    const line = `x${'€'.repeat(MAX_LINE_BYTES)}`;
    const pieces = splitter.push(Buffer.from(`${line}\n`));
    expect(pieces.map(({ partial }) => partial)).toEqual([...pieces.slice(1).map(() => true), false]);
    expect(pieces.length).toBeGreaterThan(3);
    expect(texts(pieces).join('')).toBe(line);
    expect(pieces.every(({ text }) => Buffer.byteLength(text) <= MAX_LINE_BYTES)).toBe(true);
  });

  it('joins a character that came in two chunks', () => {
    const splitter = new LineSplitter();
    const bytes = Buffer.from('é\n');
    expect(splitter.push(bytes.subarray(0, 1))).toEqual([]);
    expect(texts(splitter.push(bytes.subarray(1)))).toEqual(['é']);
  });
});
