import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openReceiptKey } from '../../../../src/token/minter/receipts/key-file.ts';
import { toReceiptKey } from '../../../../src/token/receipt/receipt-key.ts';

let dir: string;
let path: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'daypass-receipt-key-'));
  path = join(dir, 'data', 'receipt-key.pem');
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

test('is made once, for its owner alone, and is the same key ever after', async () => {
  const made = toReceiptKey(await openReceiptKey(path));
  expect(toReceiptKey(await openReceiptKey(path))).toEqual(made);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(join(dir, 'data'))).toEqual(['receipt-key.pem']);
});

test('that is damaged is refused by name, and nothing of it is quoted', async () => {
  await openReceiptKey(path);
  await writeFile(path, '-----BEGIN PRIVATE KEY-----\nb2J2aW91c2x5IGZha2U=\n-----END PRIVATE KEY-----\n');
  const refusal = await openReceiptKey(path).catch((error: Error) => error.message);
  expect(refusal).toContain(`${path} is not an Ed25519 private key`);
  expect(refusal).not.toContain('b2J2aW91c2x5');
});
