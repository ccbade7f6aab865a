import { describe, expect, test } from 'vitest';
import { readMessages } from '../../../src/dashboard/app/client/sse.ts';
import { matches, parseFilter, queryOf } from '../../../src/dashboard/app/sessions/filter.ts';
import type { Session } from '../../../src/dashboard/app/client/wire.ts';
import { duration } from '../../../src/dashboard/app/ui/duration.ts';

/** What is read of a stream whose network reads are these. */
async function read(chunks: string[]) {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(encoder.encode(chunk));
      controller.close();
    },
  });
  return (await Array.fromAsync(readMessages(body))).flat();
}

describe('server-sent events', () => {
  test('are whole wherever the network cuts them, and comments are none', async () => {
    const text = 'retry: 1000\n\n: still here\n\nid: 7-0\ndata: {"a":"b: c"}\n\nevent: end\ndata: {}\n\n';
    const expected = [
      { id: '7-0', event: 'message', data: { a: 'b: c' } },
      { id: null, event: 'end', data: {} },
    ];
    expect(await read([text])).toEqual(expected);
    expect(await read(text.split(''))).toEqual(expected);
  });

  test('that are cut off by the end are not taken for whole', async () => {
    expect(await read(['id: 1-0\ndata: {"a"'])).toEqual([]);
  });
});

describe('a filter', () => {
  test('is a status, and of what is typed an id and pairs of metadata', () => {
    const filter = parseFilter('running', ' task=a=b  ses_x agent=codex');
    expect(filter).toEqual({ status: 'running', metadata: { task: 'a=b', agent: 'codex' }, id: 'ses_x' });
    expect(queryOf(filter)).toBe('&status=running&metadata.task=a%3Db&metadata.agent=codex');
    expect(queryOf(parseFilter('', ''))).toBe('');
  });

  test('keeps what the API would', () => {
    const session = { id: 'ses_abc', status: 'running', metadata: { task: '1' } } as unknown as Session;
    const kept = (status: string, search: string) => matches(session, parseFilter(status, search));
    expect([kept('', ''), kept('running', 'task=1'), kept('', 'ses_a')]).toEqual([true, true, true]);
    expect([kept('queued', ''), kept('', 'task=2'), kept('', 'ses_b'), kept('', 'toString=1')]).toEqual(
      Array(4).fill(false),
    );
  });
});

test.each([
  [0, '0 ms'],
  [840, '840 ms'],
  [4_230, '4.2 s'],
  [59_000, '59 s'],
  [185_000, '3 min 5 s'],
  [7_800_000, '2 h 10 min'],
  [273_600_000, '3 d 4 h'],
])('%i ms are said as %s', (ms, text) => expect(duration(ms)).toBe(text));
