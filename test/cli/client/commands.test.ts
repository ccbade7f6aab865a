import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { receiptOf } from '../../../src/session/receipt.ts';
import { keepReceipt, publishReceiptKey } from '../../../src/store/receipts.ts';
import { readToken } from '../../../src/store/records.ts';
import { toReceiptKey } from '../../../src/token/receipt/receipt-key.ts';
import { signReceipt } from '../../../src/token/receipt/sign-receipt.ts';
import { putSession, startApiRig, type ApiRig } from '../../support/api-rig.ts';
import { REPO_A } from '../../support/records.ts';

const MAIN = join(import.meta.dirname, '..', '..', '..', 'src', 'cli', 'up', 'main.ts');

let rig: ApiRig;
let dir: string;

beforeAll(async () => {
  rig = await startApiRig();
  dir = await mkdtemp(join(tmpdir(), 'daypass-cli-'));
});
afterAll(async () => {
  await rig?.close();
  await rm(dir, { recursive: true, force: true });
});

async function run(env: Record<string, string>, args: string[]) {
  const child = spawn(process.execPath, [MAIN, 'cli', ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, out, err };
}

const daypass = (...args: string[]) =>
  run({ DAYPASS_API_URL: `${rig.api.url}/`, DAYPASS_API_KEY: rig.api.key, DAYPASS_DATA_DIR: dir }, args);

test('daypass tokens lists the ledger, all of it or those in a state', async () => {
  const mintedAt = new Date(Date.now() - 7_260_000).toISOString();
  const live = await putSession(
    rig.redis,
    { status: 'running' },
    { state: 'active', fingerprint: 'abcdef012345', mintedAt },
  );
  const gone = await putSession(rig.redis, { status: 'succeeded' }, { state: 'revoked' });
  const all = await daypass('tokens');
  expect(all.code).toBe(0);
  expect(all.out).toContain(gone.token?.id);
  const active = (await daypass('tokens', '--state', 'active')).out.trim().split('\n');
  expect(active[0]).toMatch(/^STATE +FINGERPRINT +AGE +TOKEN +SESSION +REPOS$/);
  expect(active[1]?.split(/ +/)).toEqual(['active', 'abcdef012345', '2h', live.token?.id, live.session.id, REPO_A]);
  expect(active).toHaveLength(2);
});

test('daypass tokens revoke ends one token, or all of a repo, and wants to be told which', async () => {
  const one = await putSession(rig.redis, { status: 'running' }, { state: 'active' });
  const other = await putSession(rig.redis, { status: 'running' }, { state: 'active' });
  expect((await daypass('tokens', 'revoke', one.token?.id ?? '')).out).toBe(`${one.token?.id} is revoking\n`);
  expect((await readToken(rig.redis, other.token?.id ?? ''))?.state).toBe('active');
  const { out, code } = await daypass('tokens', 'revoke', '--repo', REPO_A);
  expect(code).toBe(0);
  expect(out).toContain(other.token?.id);
  expect(out).toMatch(/\d+ tokens are on the way out\n$/);
  expect((await readToken(rig.redis, other.token?.id ?? ''))?.state).toBe('revoking');
  for (const args of [[], ['tok_1', '--session', 'ses_1']]) {
    const refused = await daypass('tokens', 'revoke', ...args);
    expect(refused.code).toBe(2);
    expect(refused.err).toContain('Name one of');
  }
});

test('daypass receipt verifies what the minter signed, online and off, and finds what was changed', async () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const seen = await putSession(rig.redis, { status: 'stopped', endedAt: '2026-01-01T00:00:00.000Z' });
  const id = seen.session.id;
  const unsigned = await daypass('receipt', id, '--verify');
  expect(unsigned.code).toBe(1);
  expect(unsigned.err).toContain('is not signed');

  await publishReceiptKey(rig.redis, toReceiptKey(privateKey));
  await keepReceipt(rig.redis, seen, signReceipt(receiptOf({ ...seen, formerTokens: [] }), privateKey, new Date()));
  const online = await daypass('receipt', id, '--verify');
  expect(online).toMatchObject({ code: 0, err: expect.stringContaining('The signature fits') });

  const [kept, changed, keys] = ['receipt.json', 'changed.json', 'keys.json'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ];
  await writeFile(kept, online.out);
  await writeFile(changed, online.out.replace(id, 'ses_other'));
  await writeFile(keys, JSON.stringify({ keys: [toReceiptKey(privateKey)] }));
  const offline = (file: string) => run({ DAYPASS_DATA_DIR: dir }, ['receipt', '--from', file, '--keys', keys]);
  expect(await offline(kept)).toMatchObject({ code: 0, err: expect.stringContaining('The signature fits') });
  expect(await offline(changed)).toMatchObject({ code: 1, err: expect.stringContaining('does not fit') });
  await writeFile(keys, JSON.stringify({ keys: [toReceiptKey(generateKeyPairSync('ed25519').privateKey)] }));
  expect(await offline(kept)).toMatchObject({ code: 1, err: expect.stringContaining('names a key') });
});

test('the API is the one of start.json where no setting names one, and without either the command says so', async () => {
  const nothing = await run({ DAYPASS_DATA_DIR: dir }, ['tokens']);
  expect(nothing).toMatchObject({ code: 6, err: expect.stringContaining('Nothing runs here') });
  const started = {
    apiUrl: rig.api.url,
    apiKey: rig.api.key,
    gitHostUrl: 'http://127.0.0.1:1/v1',
    gitHostApiKey: 'k',
    pid: 1,
  };
  await writeFile(join(dir, 'start.json'), JSON.stringify(started));
  const found = await run({ DAYPASS_DATA_DIR: dir }, ['tokens']);
  expect(found).toMatchObject({ code: 0, out: expect.stringContaining('FINGERPRINT') });
});
