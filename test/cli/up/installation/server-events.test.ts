import { expect, it } from 'vitest';
import { readEvents } from '../../../../src/cli/up/installation/server-events.ts';

const MIB = 1024 ** 2;

/** A stream of these pieces; `read` says how many were asked for. */
function streamOf(pieces: Iterator<string>): { body: ReadableStream<Uint8Array>; read: () => number } {
  let read = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const { value, done } = pieces.next();
      if (done === true) return controller.close();
      read += 1;
      controller.enqueue(Buffer.from(value));
    },
  });
  return { body, read: () => read };
}

function* endless(begin: string): Generator<string> {
  yield begin;
  // Enough to end every reader that keeps all of it.
  for (let pieces = 0; pieces < 1_024; pieces += 1) yield 'x'.repeat(MIB);
}

it.each(['data: "', ': ', 'event: '])(
  'a message that begins with %j and does not end is cut after 8 MiB',
  async (begin) => {
    const { body, read } = streamOf(endless(begin));
    await expect(readEvents(body).next()).rejects.toThrow('a message that is longer than 8388608 characters');
    expect(read()).toBeLessThan(16);
  },
);

it('as many messages as come are read, however they are cut into pieces', async () => {
  const text = `: hello\n\nevent: log\ndata: {"a":1}\n\ndata: "${'x'.repeat(MIB)}"\n\n`.repeat(10);
  const pieces = text.match(/[^]{1,65521}/g) ?? [];
  const { body } = streamOf(pieces.values());
  const events = [];
  for await (const event of readEvents(body)) events.push(event.event);
  expect(events).toEqual(Array.from({ length: 10 }, () => ['log', 'message']).flat());
});
