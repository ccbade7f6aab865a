import { expect, test } from 'vitest';
import { dial } from '../../src/egress/dial.ts';
import { exchange, gatewayRig, rawServer } from './support/rig.ts';

const PUBLIC = '93.184.216.34';

/** What a sandbox hears of an answer with this body, through the gateway. */
async function answerOf(body: string): Promise<string> {
  const port = await rawServer((socket) => {
    socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body}`));
  });
  const gateway = await gatewayRig({
    repoPort: port,
    resolve: async () => [PUBLIC],
    dial: () => dial(['127.0.0.1'], port),
  });
  await gateway.start();
  const socket = await gateway.sandbox('sbx_a', ['a.test:80']);
  return exchange(socket, 'GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n');
}

test('an answer of some thousand small chunks is passed on whole', async () => {
  const answer = await answerOf(`${'1\r\nx\r\n'.repeat(4_000)}0\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 200/);
  expect(answer.replaceAll(/[^x]/g, '').length).toBeGreaterThanOrEqual(4_000);
  expect(answer).toMatch(/\r\n0\r\n\r\n$/);
});

test('an answer in chunks of a byte without end is cut', async () => {
  const answer = await answerOf(`${'1\r\nx\r\n'.repeat(120_000)}0\r\n\r\n`);
  expect(answer).not.toMatch(/\r\n0\r\n\r\n$/);
  expect(answer.replaceAll(/[^x]/g, '').length).toBeLessThan(10_000);
});
