import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { followLog } from '../../../src/cli/client/follow-log.ts';
import { createApiClient } from '../../../src/cli/up/installation/api-client.ts';

test('a log of which the API says that there is no more has ended, and is not asked for again', async () => {
  let asked = 0;
  const server = createServer((_request, response) => void (asked++, response.writeHead(204).end()));
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = createApiClient({ apiUrl, apiKey: 'dp_obviously_fake' });
  const troubles: unknown[] = [];
  const { signal } = new AbortController();
  const options = { limitMs: 1_000, signal, onTrouble: (trouble: unknown) => void troubles.push(trouble) };
  const records = await Array.fromAsync(followLog(client, { sessionId: 'ses_1', keepsOn: true }, options));
  expect({ records, asked, troubles }).toEqual({ records: [], asked: 1, troubles: [] });
});
