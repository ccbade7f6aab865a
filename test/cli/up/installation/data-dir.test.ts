import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeDataDir } from '../../../../src/cli/up/installation/data-dir.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

test('a data directory is made for its user alone, and one that is there is left as it is', async () => {
  await using dir = await temporaryDirectory();
  const dataDir = join(dir.path, 'new', 'data');
  await makeDataDir(dataDir);
  await makeDataDir(dataDir);
  expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
});

test('where this user may not write, the setting to change is named', async () => {
  // Nobody may, not even root.
  await expect(makeDataDir('/sys/daypass')).rejects.toThrow(
    /may not write to \/sys\/daypass, where Daypass keeps its data\. Set DAYPASS_DATA_DIR to a directory of your own/,
  );
});
