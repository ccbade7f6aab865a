import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { createAskMinter } from '../../../src/egress/git/credentials.ts';
import type { SessionRecord } from '../../../src/session/record.ts';
import { change, readToken } from '../../../src/store/records.ts';
import { createMinterCalls } from '../../../src/token/minter/call.ts';
import { createMinterClient } from '../../../src/token/minter/client.ts';
import { startMinter } from '../../../src/token/minter/start.ts';
import { Secret } from '../../../src/token/secret.ts';
import { createFakeTokenProvider } from '../../fakes/fake-token-provider.ts';
import { aSession, aToken, REPO_A } from '../../support/records.ts';
import { useTestRedis } from '../../support/redis.ts';

const own = useTestRedis();
const soon = (): AbortSignal => AbortSignal.timeout(20_000);

/** A minter with a session whose token is minted and whose sandbox has claimed it. */
async function rig(delivery: 'env' | 'gateway', over: Partial<SessionRecord> = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'daypass-minter-'));
  const provider = createFakeTokenProvider();
  provider.addRepo(REPO_A);
  const minter = await startMinter({
    name: randomUUID(),
    redis: own.redis,
    provider,
    sealKeys: { keys: [{ id: 'k1', key: new Secret(randomBytes(32).toString('base64')) }] },
    spoolDir: join(dir, 'spool'),
    receiptKeyFile: join(dir, 'receipt-key.pem'),
    socket: join(dir, 'minter.sock'),
    credentialSocket: join(dir, 'credentials.sock'),
    log: pino({ level: 'silent' }),
  });
  const client = createMinterClient(join(dir, 'minter.sock'));
  const gateway = createAskMinter(join(dir, 'credentials.sock'));
  onTestFinished(async () => {
    gateway.close();
    client.close();
    await minter.close();
    await rm(dir, { recursive: true, force: true });
  });
  const ids = { sessionId: `ses_${randomUUID()}`, tokenId: `tok_${randomUUID()}`, sandboxId: `sbx_${randomUUID()}` };
  const { sessionId, tokenId, sandboxId } = ids;
  const { request } = aSession();
  const now = new Date().toISOString();
  const write = (session: Partial<SessionRecord>): Promise<unknown> =>
    change(own.redis, { sessionId, tokenId }, (view) => ({ session: { ...aSession(), ...view.session, ...session } }));
  await change(own.redis, { sessionId, tokenId }, () => ({
    session: aSession({
      id: sessionId,
      tokenId,
      status: 'starting',
      deadlineAt: new Date(Date.now() + 60_000).toISOString(),
      request: { ...request, credentials: { delivery } },
      sandbox: { id: sandboxId, image: 'i', engine: 'e', claimedAt: now, removedAt: null },
    }),
    token: aToken({ id: tokenId, sessionId, intendedAt: now }),
  }));
  await client.mint(tokenId, soon());
  await write(over);
  return { ...ids, dir, provider, client, write, ask: () => gateway.ask({ sessionId, sandboxId }) };
}

test('a token that is for the gateway is given to it, and to no worker', async () => {
  const { provider, client, ask, sessionId, sandboxId, tokenId } = await rig('gateway');
  const forWorker = await client.open(sessionId, sandboxId, 'deliver', soon());
  expect(forWorker.access.secretEnv).toEqual({});
  expect((await client.open(sessionId, sandboxId, 'mask', soon())).access.secretEnv).toEqual({});
  expect((await readToken(own.redis, tokenId))?.deliveredAt).toBeNull();
  const credential = await ask();
  expect(credential).toMatchObject({ tokenId, cloneUrls: { [REPO_A]: expect.stringContaining(REPO_A) } });
  expect(provider.liveValues()).toEqual([credential.value.reveal()]);
  expect((await readToken(own.redis, tokenId))?.deliveredAt).not.toBeNull();
});

test('a token that is in its sandbox is not given to the gateway', async () => {
  const { ask } = await rig('env');
  await expect(ask()).rejects.toMatchObject({ code: 'repo_refused' });
});

test.each<[string, Partial<SessionRecord>, string]>([
  ['a sandbox that is not the session’s', { sandbox: null }, 'worker_lost'],
  ['a session that has ended', { status: 'stopped', endedAt: new Date().toISOString() }, 'token_revoked'],
  ['a session that is over its time', { deadlineAt: new Date(0).toISOString() }, 'token_revoked'],
])('nothing is given for %s', async (_name, over, code) => {
  const { ask } = await rig('gateway', over);
  await expect(ask()).rejects.toMatchObject({ code });
});

test('once the token is revoked it is given no more', async () => {
  const { ask, client, tokenId } = await rig('gateway');
  await ask();
  await client.revoke(tokenId, soon());
  await expect(ask()).rejects.toMatchObject({ code: 'token_revoked' });
});

test('the gateway’s socket serves nothing else, and is its group’s', async () => {
  const { dir, tokenId } = await rig('gateway');
  const path = join(dir, 'credentials.sock');
  expect((await stat(path)).mode & 0o777).toBe(0o660);
  const calls = createMinterCalls(path);
  onTestFinished(() => calls.close());
  for (const call of ['/mint', '/revoke', '/open', '/rotate'])
    await expect(calls.call(call, z.unknown(), { body: { tokenId }, signal: soon() })).rejects.toThrow();
  expect((await readToken(own.redis, tokenId))?.state).toBe('active');
});
