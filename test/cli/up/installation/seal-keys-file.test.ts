import { readFile, stat, writeFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { changeSealKeys, newSealKey } from '../../../../src/cli/up/installation/seal-keys-file.ts';
import { ensureSecrets } from '../../../../src/cli/up/installation/secrets.ts';
import { parseSealKeys } from '../../../../src/token/seal-keys.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const idsIn = async (file: string): Promise<string[]> =>
  parseSealKeys(await readFile(file, 'utf8')).map(({ id }) => id);

test('a first start makes one seal key, in a file of its own for this user alone', async () => {
  await using dir = await temporaryDirectory();
  await ensureSecrets(dir.path);
  const file = join(dir.path, 'seal-keys');
  expect(await idsIn(file)).toEqual(['k1']);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test('the seal key of an earlier installation moves there and is kept nowhere else', async () => {
  await using dir = await temporaryDirectory();
  const sealKey = `k1:${Buffer.alloc(32, 7).toString('base64')}`;
  const secrets = { installation: 'up-00000000', apiKey: 'dp_obviously_fake_key', gitHostKey: 'obviously-fake-key' };
  await writeFile(join(dir.path, 'secrets.json'), JSON.stringify({ ...secrets, sealKey }));
  expect(await ensureSecrets(dir.path)).toEqual(secrets);
  expect(await readFile(join(dir.path, 'seal-keys'), 'utf8')).toBe(`${sealKey}\n`);
  expect(await readFile(join(dir.path, 'secrets.json'), 'utf8')).not.toContain('sealKey');
});

test('seal keys that are gone are not replaced by others', async () => {
  await using dir = await temporaryDirectory();
  await ensureSecrets(dir.path);
  await rm(join(dir.path, 'seal-keys'));
  await expect(ensureSecrets(dir.path)).rejects.toThrow(/seal-keys is missing/);
});

test('of two that change the ring at once one is refused, so that no key is lost', async () => {
  await using dir = await temporaryDirectory();
  await ensureSecrets(dir.path);
  const file = join(dir.path, 'seal-keys');
  const rotate = () => changeSealKeys(file, (ring) => [newSealKey(ring), ...ring]);
  const outcomes = await Promise.allSettled([rotate(), rotate()]);
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(await idsIn(file)).toEqual(['k2', 'k1']);
  await rotate();
  expect(await idsIn(file)).toEqual(['k3', 'k2', 'k1']);
});
