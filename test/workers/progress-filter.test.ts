import { describe, expect, it } from 'vitest';
import { ProgressFilter } from '../../workers/progress-filter.ts';

describe('the progress of a clone in the log', () => {
  const push = (filter: ProgressFilter, text: string, timeMs: number): string =>
    filter.push(Buffer.from(text), timeMs).toString();

  it('keeps what ends with a line break and drops what is drawn over', () => {
    const filter = new ProgressFilter();
    expect(push(filter, 'Cloning…\nReceiving:  1%\rReceiving: 50%\rRecei', 0)).toBe('Cloning…\n');
    expect(push(filter, 'ving: 100%, done.\n', 10)).toBe('Receiving: 100%, done.\n');
  });

  it('shows every two seconds how far a long clone is', () => {
    const filter = new ProgressFilter();
    expect(push(filter, '1%\r', 0)).toBe('');
    expect(push(filter, '20%\r', 2_000)).toBe('20%\n');
    expect(push(filter, '21%\r', 2_100)).toBe('');
    expect(push(filter, '40%\r', 4_000)).toBe('40%\n');
  });
});
