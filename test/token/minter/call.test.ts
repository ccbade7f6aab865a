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
