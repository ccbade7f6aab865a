import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createClient, type Client, type StreamOptions } from '../../../src/dashboard/app/client/client.ts';
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

test('a stream that breaks behind its last message is over when the server says that there is no more', async () => {
  const resumedAt: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    resumedAt.push(request.headers['last-event-id'] as string | undefined);
    if (resumedAt.length > 1) return void response.writeHead(204).end();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('id: 7\ndata: "the last"\n\n', () => response.destroy());
  });
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const login = { keyId: 'key', name: 'key', scopes: [], csrfToken: '' };
  const client = createClient(login, new FakeSight(), () => undefined);
  const heard: string[] = [];
  await follow<string>(client, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, {
    signal: new AbortController().signal,
    onMessages: (messages) => void heard.push(...messages),
  });
  expect({ heard, resumedAt }).toEqual({ heard: ['the last'], resumedAt: [undefined, '7'] });
});
