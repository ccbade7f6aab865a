import { expect, test } from 'vitest';
import { askHealth } from '../../src/health/ask.ts';
import { startEndlessServer } from '../support/endless-server.ts';

test('a role whose answer has no end is not well, and is hung up on', async () => {
  await using server = await startEndlessServer();
  await expect(askHealth({ socketPath: server.socket }, '/', 30_000)).rejects.toThrow(
    'its answer is longer than 65536 bytes',
  );
  await server.left;
});
