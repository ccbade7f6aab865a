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

  it('shows every two seconds how far a long clone is', () => {
    const filter = new ProgressFilter();
    expect(push(filter, '1%\r', 0)).toBe('');
    expect(push(filter, '20%\r', 2_000)).toBe('1%\n');
    expect(push(filter, '21%\r', 2_100)).toBe('');
    expect(push(filter, '40%\r', 4_000)).toBe('21%\n');
  });
});
