import { describe, expect, it } from 'vitest';
import { ProgressFilter } from '../../../workers/log/progress-filter.ts';

describe('the progress of a clone in the log', () => {
  const push = (filter: ProgressFilter, text: string, timeMs: number): string =>
    filter.push(Buffer.from(text), timeMs).toString();

  it('keeps what ends with a line break and drops what is drawn over', () => {
    const filter = new ProgressFilter();
    expect(push(filter, 'Cloning…\nReceiving:  1%\rReceiving: 50%\rRecei', 0)).toBe('Cloning…\n');
    expect(push(filter, 'ving: 100%, done.\n', 10)).toBe('Receiving: 100%, done.\n');
  });

  it('keeps words that end with both line breaks, or with none', () => {
    const filter = new ProgressFilter();
    expect(push(filter, 'fatal: real reason\r', 0)).toBe('');
    expect(push(filter, '\nno newline at end', 1)).toBe('fatal: real reason\n');
    expect(filter.flush().toString()).toBe('no newline at end');
    expect(filter.flush().toString()).toBe('');
  });

  it('shows every second how far a long clone is', () => {
    const filter = new ProgressFilter();
    expect(push(filter, '1%\r', 0)).toBe('');
    expect(push(filter, '20%\r', 1_000)).toBe('1%\n');
    expect(push(filter, '21%\r', 1_100)).toBe('');
    expect(push(filter, '40%\r', 2_000)).toBe('21%\n');
  });

  it('gives the latest state when it is asked for, once, and not half of the next one', () => {
    const filter = new ProgressFilter();
    push(filter, '1%\r2%\r\r3', 0);
    expect(filter.takeLatest(0).toString()).toBe('2%\n');
    expect(push(filter, '%\r', 10)).toBe('');
    expect(filter.takeLatest(10).toString()).toBe('3%\n');
    expect(filter.takeLatest(10).toString()).toBe('');
    push(filter, 'words that stop', 20);
    expect(filter.takeLatest(20).toString()).toBe('words that stop\n');
    expect(filter.flush().toString()).toBe('');
  });

  it('goes on from what another one had', () => {
    const first = new ProgressFilter();
    push(first, '1%\r2%\r3', 0);
    const next = new ProgressFilter(first.pending, first.keptAtMs);
    expect(push(next, '%\rdone\n', 10)).toBe('done\n');
    expect(new ProgressFilter(first.pending, first.keptAtMs).flush().toString()).toBe('3');
  });
});
