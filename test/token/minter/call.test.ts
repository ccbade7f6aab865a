import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { createMinterCalls } from '../../../src/token/minter/call.ts';
import { startEndlessServer } from '../../support/endless-server.ts';

test('an answer of the minter that does not end is cut after 8 MiB, and its connection closed', async () => {
  await using minter = await startEndlessServer();
  const calls = createMinterCalls(minter.socket);
  onTestFinished(() => calls.close());
  const asked = calls.call('/healthz', z.unknown(), { signal: AbortSignal.timeout(30_000) });
  await expect(asked).rejects.toMatchObject({
    code: 'minter_unavailable',
    cause: { message: 'the answer of the minter is longer than 8388608 bytes' },
  });
  await minter.left;
  expect(minter.sent()).toBeLessThan(32 * 1024 ** 2);
}, 60_000);

test('a call does not fail because the minter closes the connection of the call before', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'daypass-minter-'));
  const socket = join(dir, 'minter.sock');
  const minter = createServer((_req, res) => void res.end('{}')).listen(socket);
  await once(minter, 'listening');
  const calls = createMinterCalls(socket);
  onTestFinished(async () => {
    calls.close();
    minter.close();
    await rm(dir, { recursive: true });
  });
  const call = (): Promise<unknown> => calls.call('/healthz', z.unknown(), { signal: AbortSignal.timeout(30_000) });
  for (let i = 0; i < 20; i++) {
    expect(await call()).toEqual({});
    minter.closeIdleConnections();
  }
});
