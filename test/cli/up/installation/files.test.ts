import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ensureSecrets, readSecrets } from '../../../../src/cli/up/installation/secrets.ts';
import { removeStartFile, writeStartFile } from '../../../../src/cli/up/installation/start-file.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

test('keys are made once, for this user alone, and are the same at the next start', async () => {
  await using dir = await temporaryDirectory();
  const dataDir = join(dir.path, 'data');
  expect(await readSecrets(dataDir)).toBeNull();
  const made = await ensureSecrets(dataDir);
  expect(await ensureSecrets(dataDir)).toEqual(made);
  expect(made.apiKey).toMatch(/^dp_[\w-]{32}$/);
  expect((await stat(join(dataDir, 'secrets.json'))).mode & 0o777).toBe(0o600);
  expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
});

test('keys that cannot be read are not replaced, and do not appear in the message', async () => {
  await using dir = await temporaryDirectory();
  const text = '{"apiKey": "dp_obviously_fake_key"';
  await writeFile(join(dir.path, 'secrets.json'), text);
  await expect(ensureSecrets(dir.path)).rejects.toThrow(/^[^]*secrets\.json cannot be read(?![^]*dp_)/);
  expect(await readFile(join(dir.path, 'secrets.json'), 'utf8')).toBe(text);
});

test('the file for scripts is for this user alone and can be removed twice', async () => {
  await using dir = await temporaryDirectory();
  const content = { apiUrl: 'a', apiKey: 'k', gitHostUrl: 'g', gitHostApiKey: 'h', pid: 1 };
  await writeStartFile(dir.path, content);
  const file = join(dir.path, 'start.json');
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(content);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  await removeStartFile(dir.path);
  await removeStartFile(dir.path);
  await expect(stat(file)).rejects.toThrow('ENOENT');
});
