import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { dropKey } from '../../../../src/cli/up/commands/keys.ts';
import { changeSealKeys, newSealKey, writeSealKeys } from '../../../../src/cli/up/installation/seal-keys-file.ts';
import { takeLock } from '../../../../src/cli/up/installation/lock.ts';
import { createProgress } from '../../../../src/cli/up/progress.ts';
import type { KeysClient } from '../../../../src/token/minter/keys-client.ts';
import { parseSealKeys } from '../../../../src/token/seal-keys.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

test('a key that could not be dropped comes back, and the one that was made meanwhile stays', async () => {
  await using dir = await temporaryDirectory();
  const file = join(dir.path, 'seal-keys');
  const k1 = newSealKey([]);
  await writeSealKeys(file, [newSealKey([k1]), k1]);
  const unused = { isInRing: true, tokens: 0, spoolFiles: 0, requestSecrets: 0 };
  const minter: KeysClient = {
    report: async () => ({
      file,
      keys: [
        { ...unused, id: 'k2', isFirst: true },
        { ...unused, id: 'k1', isFirst: false },
      ],
    }),
    rotate: async () => {
      await changeSealKeys(file, (ring) => [newSealKey(ring), ...ring]);
      // Yet another change is under way as this one fails.
      const lock = await takeLock(dir.path, { name: 'seal-keys.lock', inUse: () => 'in use' });
      void sleep(200).then(() => lock[Symbol.asyncDispose]());
      throw new Error('Live tokens need seal keys that the ring does not have: k1');
    },
    close: () => undefined,
  };
  const context = { args: [], env: {}, root: dir.path, progress: createProgress({ write: () => true }) };
  await expect(dropKey('k1')(minter, context)).rejects.toThrow('k1');
  expect(parseSealKeys(await readFile(file, 'utf8')).map(({ id }) => id)).toEqual(['k3', 'k2', 'k1']);
});
