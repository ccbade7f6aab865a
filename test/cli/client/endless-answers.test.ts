import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createApiClient } from '../../../src/cli/up/installation/api-client.ts';

const PIECE = Buffer.alloc(1024 ** 2, 'x');

/** What answers every request with this status and a text without end. Resolves `left` when the client has hung up. */
async function startEndless(cleanup: AsyncDisposableStack, status: number) {
  const left = Promise.withResolvers<void>();
  const server = createServer((_request, response) => {
    response.once('close', left.resolve).writeHead(status, { 'content-type': 'application/json' });
    const more = (): void => {
      while (!response.destroyed) if (!response.write(PIECE)) return void response.once('drain', more);
    };
    response.write('"');
    more();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanup.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { client: createApiClient({ apiUrl, apiKey: 'dpk_x' }), left: left.promise };
}

test.each([
  [200, 'The API answers with more than 67108864 bytes'],
  [500, 'GET /v1/stats: the API answered 500'],
])(
  'an answer without end, of status %i, is read so far and no further',
  async (status, said) => {
    await using cleanup = new AsyncDisposableStack();
    const { client, left } = await startEndless(cleanup, status);
    await expect(client.call('GET', '/v1/stats', z.unknown())).rejects.toThrow(said);
    await left;
  },
  30_000,
);

test('what a stream is refused with is read so far and no further', async () => {
  await using cleanup = new AsyncDisposableStack();
  const { client, left } = await startEndless(cleanup, 500);
  const followed = Array.fromAsync(client.follow('/v1/events', new AbortController().signal));
  await expect(followed).rejects.toThrow('GET /v1/events: the API answered 500');
  await left;
}, 30_000);
