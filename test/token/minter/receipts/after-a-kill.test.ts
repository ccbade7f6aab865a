import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { change, readToken } from '../../../../src/store/records.ts';
import { createMinterClient } from '../../../../src/token/minter/client.ts';
import { receiptKeySetSchema } from '../../../../src/token/receipt/receipt-key.ts';
import { verifyReceipt } from '../../../../src/token/receipt/verify-receipt.ts';
import { ACCOUNT_KEY, createRepo, openTestHost, type TestHost } from '../../../git-host/support/test-host.ts';
import { putSession, startApiRig, type ApiRig } from '../../../support/api-rig.ts';
import { eventually } from '../../../support/eventually.ts';
import { startProcess } from '../../../support/processes.ts';

let rig: ApiRig;
let host: TestHost;
let dir: string;

beforeAll(async () => {
  rig = await startApiRig();
  host = await openTestHost();
  dir = await mkdtemp(join(tmpdir(), 'daypass-receipts-'));
});
afterAll(async () => {
  await rig?.close();
  await host?.[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

const start = () =>
  startProcess(
    'src/token/minter/main.ts',
    {
      DAYPASS_REDIS_URL: rig.store.url,
      DAYPASS_RUN_DIR: join(dir, 'run'),
      DAYPASS_DATA_DIR: join(dir, 'data'),
      DAYPASS_RELACE_BASE_URL: host.url,
      DAYPASS_RELACE_API_KEY: ACCOUNT_KEY,
      DAYPASS_SEAL_KEYS: sealKeys,
    },
    'minter ready',
  );
const sealKeys = `k1:${randomBytes(32).toString('base64')}`;
const soon = (): AbortSignal => AbortSignal.timeout(20_000);
const keys = async () =>
  receiptKeySetSchema.parse((await rig.call('GET', '/.well-known/daypass-receipt-keys.json')).body).keys;

test('a minter that was killed before it signed does so after its restart, and its keys come back to an empty store', async () => {
  await using running = new AsyncDisposableStack();
  const first = await start();
  running.defer(() => first.end('SIGKILL'));
  const client = createMinterClient(join(dir, 'run', 'minter.sock'));
  running.defer(() => client.close());
  const repo = await createRepo(host, { 'README.md': 'hello' });
  const grants = [{ repoId: repo.id, access: 'write' as const }];
  const made = await putSession(rig.redis, { status: 'running' }, { state: 'intended', grants });
  const ids = { sessionId: made.session.id, tokenId: made.token?.id ?? '' };
  const receipt = async () => (await rig.call('GET', `/v1/sessions/${ids.sessionId}/receipt`)).body;

  await client.mint(ids.tokenId, soon());
  expect(await client.revoke(ids.tokenId, soon())).toBe('revoked');
  await first.end('SIGKILL');
  await change(rig.redis, ids, ({ session }) =>
    session === null ? null : { session: { ...session, status: 'succeeded', endedAt: new Date().toISOString() } },
  );
  expect(await receipt()).toMatchObject({ final: true, signature: null });

  const second = await start();
  running.defer(() => second.end('SIGKILL'));
  const signed = await eventually(receipt, (body) => (body as { signature: unknown }).signature !== null);
  const before = await keys();
  expect(before).toHaveLength(1);
  expect(verifyReceipt(signed, before)).toBe('valid');

  await rig.redis.flushall();
  expect(await keys()).toEqual([]);
  expect(await eventually(keys, (found) => found.length > 0)).toEqual(before);
  expect(verifyReceipt(signed, await keys())).toBe('valid');
  expect((await rig.call('GET', `/v1/sessions/${ids.sessionId}/receipt`)).status).toBe(404);
  expect(await readToken(rig.redis, ids.tokenId)).toBeNull();
});
