import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createContainer } from '../../src/warden/operations/create-container.ts';
import { WardenRefusal } from '../../src/warden/refusal.ts';
import { readBody } from '../../src/warden/serve/read-body.ts';
import { requestText, sendRaw, statusesIn } from './support/raw-http.ts';

const MAX_BYTES = 128 * 1024;

/** The body of a creation, which is the longest that the warden reads, without an engine behind it. */
describe('a body that is sent to the warden', () => {
  const cleanup = new AsyncDisposableStack();
  let socket: string;

  beforeAll(async () => {
    const dir = await mkdtemp(join(tmpdir(), 'dp-warden-body-'));
    cleanup.defer(() => rm(dir, { recursive: true, force: true }));
    socket = join(dir, 'body.sock');
    const server = createServer((request, response) => {
      readBody(request, createContainer.maxBodyBytes)
        .then(() => response.end('it was read'))
        .catch((error: unknown) => {
          const status = error instanceof WardenRefusal ? error.status : 500;
          response.writeHead(status, { connection: 'close' }).end(String(error));
        });
    });
    server.listen(socket);
    await once(server, 'listening');
    cleanup.defer(() => {
      server.closeAllConnections();
      server.close();
    });
  });
  afterAll(() => cleanup.disposeAsync());

  const send = (body: string): Promise<string> =>
    sendRaw(socket, requestText('POST /containers/create', { headers: ['Connection: close'], body }));
  const ofBytes = (bytes: number): string => `{"a":"${'x'.repeat(bytes - 8)}"}`;
  const ofValues = (count: number): string => JSON.stringify({ Env: Array.from({ length: count }, () => 1) });
  const ofFields = (count: number): string =>
    `{${Array.from({ length: count }, (_, at) => `"${at.toString(36)}":[]`).join()}}`;

  it('is read up to 128 KiB, and refused by its length above that', async () => {
    expect(await send(ofBytes(MAX_BYTES))).toContain('it was read');
    const answer = await send(ofBytes(MAX_BYTES + 1));
    expect(statusesIn(answer)).toEqual([403]);
    expect(answer).toContain('The body has more than 131072 bytes');
  });

  it('is read with 10,000 values, and refused with one more before it is looked at', async () => {
    expect(await send(ofValues(10_000))).toContain('it was read');
    const answer = await send(ofValues(10_001));
    expect(statusesIn(answer)).toEqual([403]);
    expect(answer).toContain('The body has more than 10000 texts, numbers and other values');
  });

  it.each([
    ['lists and objects', ofFields(1_001), 'The body has more than 1000 lists and objects'],
    ['levels', `${'['.repeat(17)}${']'.repeat(17)}`, 'The body is nested deeper than 16 levels'],
    ['a long name of a field', `{"${'x'.repeat(1_025)}":1}`, 'whose name is longer than 1024 bytes'],
  ])('is refused with too many %s', async (_what, body, said) => {
    const answer = await send(body);
    expect(statusesIn(answer)).toEqual([403]);
    expect(answer).toContain(said);
  });
});
