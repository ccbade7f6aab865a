import { once } from 'node:events';
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { AnswerTooLong, boundedFetch } from '../../src/ops/bounded-fetch.ts';

test('an answer is read up to its bound, counted after it is unpacked', async () => {
  const server = createServer((req, res) => {
    const text = 'x'.repeat(req.url === '/long' ? 2_000 : 1_000);
    res.setHeader('content-encoding', 'gzip');
    res.end(gzipSync(text));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const fetchAnswer = boundedFetch({ who: 'The server', maxBytes: 1_000 });
  expect(await (await fetchAnswer(`${url}/short`)).text()).toHaveLength(1_000);
  await expect((await fetchAnswer(`${url}/long`)).text()).rejects.toThrow(AnswerTooLong);
  server.closeAllConnections();
  server.close();
});
