import { expect, test, vi } from 'vitest';
import type { Client, StreamOptions } from '../../../src/dashboard/app/client/client.ts';
import { follow } from '../../../src/dashboard/app/client/follow.ts';
import type { Sight } from '../../../src/dashboard/app/client/sight.ts';
import type { SseMessage } from '../../../src/dashboard/app/client/sse.ts';

/** A page of which tests say whether somebody sees it. */
class FakeSight extends EventTarget implements Sight {
  visibilityState: Sight['visibilityState'] = 'visible';
  turn(state: Sight['visibilityState']): void {
    this.visibilityState = state;
    this.dispatchEvent(new Event('visibilitychange'));
  }
}

/** Streams that stay open until they are aborted, each after one message. */
function openStreams() {
  const opened: StreamOptions[] = [];
  async function* messages({ signal }: StreamOptions): AsyncGenerator<SseMessage[]> {
    yield [{ id: `${opened.length}`, event: 'message', data: opened.length }];
    await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
  }
  const stream: Client['stream'] = async (_path, options) => {
    opened.push(options);
    return messages(options);
  };
  const sight = new FakeSight();
  return { opened, sight, client: { stream, sight: sight as Sight } as Client };
}

test('a stream whose opening fails is let go of before the next one', async () => {
  const { opened, client } = openStreams();
  const leaving = new AbortController();
  let isFirst = true;
  const heard = Promise.withResolvers<void>();
  const done = follow<number>(client, '/v1/events', {
    signal: leaving.signal,
    onOpen: () => {
      if (!isFirst) return;
      isFirst = false;
      throw new TypeError('The list could not be read');
    },
    onMessages: () => heard.resolve(),
  });
  await heard.promise;
  expect(opened.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  leaving.abort();
  await done;
});

test('a page that nobody sees holds no stream, and resumes when it is seen', async () => {
  const { opened, sight, client } = openStreams();
  const leaving = new AbortController();
  const heard: number[] = [];
  const onMessages = (messages: number[]) => void heard.push(...messages);
  const done = follow<number>(client, '/v1/events', { signal: leaving.signal, onMessages });
  await vi.waitFor(() => expect(heard).toEqual([1]));
  sight.turn('hidden');
  await vi.waitFor(() => expect(opened[0]?.signal.aborted).toBe(true));
  sight.turn('visible');
  await vi.waitFor(() => expect(heard).toEqual([1, 2]));
  expect(opened[1]?.lastEventId).toBe('1');
  sight.turn('hidden');
  leaving.abort();
  await done;
  expect(opened).toHaveLength(2);
});
