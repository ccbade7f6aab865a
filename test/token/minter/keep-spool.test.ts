import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLedger } from '../../../src/invariants/read/ledger.ts';
import { keys } from '../../../src/store/keys.ts';
import { readMinterFacts } from '../../../src/store/minter-facts.ts';
import { readReceipt } from '../../../src/store/receipts.ts';
import { change, readSession, readToken, readTokenIfReadable } from '../../../src/store/records.ts';
import { connectPatientRedis, redisReady, type Redis } from '../../../src/store/redis.ts';
import { createMinterCalls } from '../../../src/token/minter/call.ts';
import { createMinterClient } from '../../../src/token/minter/client.ts';
import { inBatches } from '../../../src/token/minter/in-batches.ts';
import { createKeepSpool } from '../../../src/token/minter/keep-spool.ts';
import { openSpool } from '../../../src/token/minter/spool.ts';
import { startMinter } from '../../../src/token/minter/start.ts';
import { createKeyRing } from '../../../src/token/sealing.ts';
import { Secret } from '../../../src/token/secret.ts';
import { createFakeTokenProvider } from '../../fakes/fake-token-provider.ts';
import { makeList } from '../../support/damage.ts';
import { eventually } from '../../support/eventually.ts';
import { aSession, aToken, REPO_A } from '../../support/records.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

const sealKeys = { keys: [{ id: 'k1', key: new Secret(randomBytes(32).toString('base64')) }] };
const soon = (): AbortSignal => AbortSignal.timeout(20_000);

describe('a token of which spool and ledger do not say the same', () => {
  let server: TestRedis;
  let redis: Redis;
  let dir: string;
  beforeAll(async () => {
    server = await startTestRedis();
    redis = connectPatientRedis(server.url);
    await redisReady(redis, 5_000);
    dir = await mkdtemp(join(tmpdir(), 'daypass-recover-'));
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  });

  async function minted() {
    const spoolDir = join(dir, randomUUID());
    const receiptKeyFile = join(dir, 'receipt-key.pem');
    const socket = join(dir, `${randomUUID().slice(0, 8)}.sock`);
    const provider = createFakeTokenProvider();
    provider.addRepo(REPO_A);
    const lines: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
    const name = randomUUID();
    const credentialSocket = `${socket}-credentials`;
    const start = () =>
      startMinter({ name, redis, provider, sealKeys, spoolDir, receiptKeyFile, socket, credentialSocket, log });
    const minter = await start();
    const client = createMinterClient(socket);
    const [sessionId, tokenId] = [`ses_${randomUUID()}`, `tok_${randomUUID()}`];
    await change(redis, { sessionId, tokenId }, () => ({
      session: aSession({ id: sessionId, status: 'starting', tokenId }),
      token: aToken({ id: tokenId, sessionId, intendedAt: new Date().toISOString() }),
    }));
    return { spoolDir, socket, provider, start, minter, client, sessionId, tokenId, logged: () => lines.join('') };
  }

  it('is deleted when the ledger had given it up as unknown', async () => {
    const life = await minted();
    await life.client.mint(life.tokenId, soon());
    await life.minter.close();
    // As if the minter had died between the spool and the ledger, and the session had ended meanwhile.
    await redis.set(
      `daypass:token:${life.tokenId}`,
      JSON.stringify(aToken({ id: life.tokenId, sessionId: life.sessionId, state: 'unknown' })),
    );
    const again = await life.start();
    await eventually(
      () => readToken(redis, life.tokenId),
      (token) => token?.state === 'revoked',
    );
    expect(life.provider.liveValues()).toEqual([]);
    await eventually(
      () => readdir(life.spoolDir),
      (files) => files.length === 0,
    );
    await again.close();
  });

  it('is deleted by the value in the spool where the one in the ledger cannot be opened', async () => {
    const life = await minted();
    await life.client.mint(life.tokenId, soon());
    await change(redis, { sessionId: life.sessionId, tokenId: life.tokenId }, ({ token }) => ({
      token: { ...(token ?? aToken()), sealed: 'v1.k1.damaged.damaged' },
    }));
    expect(await life.client.revoke(life.tokenId, soon())).toBe('revoked');
    expect(life.provider.liveValues()).toEqual([]);
    await life.minter.close();
  });

  it('is deleted when Redis has forgotten everything', async () => {
    const life = await minted();
    await life.client.mint(life.tokenId, soon());
    await life.minter.close();
    await redis.flushall();
    const again = await life.start();
    const line = await eventually(
      () => readToken(redis, life.tokenId),
      (token) => token?.state === 'revoked',
    );
    expect(line).toMatchObject({ sessionId: life.sessionId, grants: [{ repoId: REPO_A }], attempts: 1 });
    expect(life.provider.liveValues()).toEqual([]);
    await again.close();
  });

  it('stays when its session may still hold it', async () => {
    const life = await minted();
    await life.client.mint(life.tokenId, soon());
    await life.minter.close();
    const again = await life.start();
    expect((await readToken(redis, life.tokenId))?.state).toBe('active');
    expect(life.provider.liveValues()).toHaveLength(1);
    expect(await life.client.revoke(life.tokenId, soon())).toBe('revoked');
    await again.close();
  });

  it('is not given out but deleted when the spool could not be written', async () => {
    const life = await minted();
    // A directory in the place of the temporary file: what a full disk does, without filling one.
    await mkdir(join(life.spoolDir, `${life.tokenId}.json.tmp`), { recursive: true });
    const reason = expect.stringContaining('cannot store a token safely') as string;
    await expect(life.client.mint(life.tokenId, soon())).rejects.toMatchObject({
      code: 'minter_unavailable',
      message: reason,
    });
    await eventually(
      () => readToken(redis, life.tokenId),
      (token) => token?.state === 'revoked',
    );
    // Whoever asks again, as a worker does whose answer was lost, is told the same.
    await expect(life.client.mint(life.tokenId, soon())).rejects.toMatchObject({ message: reason });
    expect(life.provider.liveValues()).toEqual([]);
    await life.minter.close();
  });

  it('is deleted when Redis forgets everything while the minter runs', async () => {
    const life = await minted();
    await life.client.mint(life.tokenId, soon());
    await redis.flushall();
    await eventually(
      () => readToken(redis, life.tokenId),
      (token) => token?.state === 'revoked',
    );
    expect(life.provider.liveValues()).toEqual([]);
    // The ledger says so first.
    await eventually(
      () => readdir(life.spoolDir),
      (files) => files.length === 0,
    );
    // Without this the API would take no session until the minter is started again.
    const facts = await eventually(
      () => readMinterFacts(redis),
      (found) => found !== null,
    );
    expect(facts?.keyId).toBe('k1');
    await life.minter.close();
  });

  it.each([
    ['is gone', (key: string) => redis.del(key)],
    ['is gone, with its place in the index of all', (key: string) => redis.del(key, 'daypass:tokens')],
    ['is of another type of Redis', (key: string) => makeList(redis, key)],
  ])(
    'is deleted, and its session ends, when its line alone %s',
    async (_how, damage) => {
      const life = await minted();
      await life.client.mint(life.tokenId, soon());
      await damage(keys.token(life.tokenId));
      const line = await eventually(
        () => readTokenIfReadable(redis, life.tokenId),
        (token) => token?.state === 'revoked',
        { timeoutMs: 40_000 },
      );
      expect(line).toMatchObject({ sessionId: life.sessionId, grants: [{ repoId: REPO_A }] });
      expect(life.provider.liveValues()).toEqual([]);
      const session = await readSession(redis, life.sessionId);
      expect(session).toMatchObject({ status: 'failed', failure: { code: 'internal_error' } });
      const { tokenIndexes } = await readLedger(redis);
      const listing = [...tokenIndexes.byState].filter(([, ids]) => ids.includes(life.tokenId)).map(([state]) => state);
      expect(listing).toEqual(['revoked']);
      const receipt = await eventually(
        () => readReceipt(redis, life.sessionId),
        (found) => found !== null,
      );
      expect(receipt).toMatchObject({ final: true, tokenState: 'revoked' });
      await life.minter.close();
    },
    60_000,
  );

  it('is deleted when its line was gone before its minter came back', async () => {
    const life = await minted();
    await life.client.mint(life.tokenId, soon());
    await life.minter.close();
    await redis.del(keys.token(life.tokenId));
    const again = await life.start();
    await eventually(
      () => readToken(redis, life.tokenId),
      (token) => token?.state === 'revoked',
    );
    expect(life.provider.liveValues()).toEqual([]);
    const { tokenIndexes } = await readLedger(redis);
    expect(tokenIndexes.all.filter((id) => id === life.tokenId)).toHaveLength(1);
    expect(tokenIndexes.byState.get('active')).not.toContain(life.tokenId);
    await again.close();
  });

  it('is deleted for good when Redis comes back as an older copy that calls it active', async () => {
    const life = await minted();
    await life.client.mint(life.tokenId, soon());
    const older = await readToken(redis, life.tokenId);
    expect(await life.client.revoke(life.tokenId, soon())).toBe('revoked');
    await life.minter.close();
    // As a replica that had not heard of the rest: line and index together.
    await redis.flushall();
    await change(redis, { sessionId: life.sessionId, tokenId: life.tokenId }, () => ({
      session: aSession({ id: life.sessionId, status: 'failed', tokenId: life.tokenId }),
      ...(older && { token: older }),
    }));
    const again = await life.start();
    const line = await eventually(
      () => readToken(redis, life.tokenId),
      (token) => token?.state === 'revoked',
    );
    expect(line).toMatchObject({ sealed: null });
    await eventually(
      () => readdir(life.spoolDir),
      (files) => files.length === 0,
    );
    await again.close();
  });

  it('is written to the spool again when its disk was swapped', async () => {
    const life = await minted();
    await life.client.mint(life.tokenId, soon());
    const before = await readFile(join(life.spoolDir, `${life.tokenId}.json`), 'utf8');
    await rm(life.spoolDir, { recursive: true });
    await eventually(
      () => readdir(life.spoolDir).catch((): string[] => []),
      (files) => files.includes(`${life.tokenId}.json`),
    );
    const after = await readFile(join(life.spoolDir, `${life.tokenId}.json`), 'utf8');
    expect(JSON.parse(after)).toEqual(JSON.parse(before));
    expect(await life.client.revoke(life.tokenId, soon())).toBe('revoked');
    await life.minter.close();
  });

  it('is not written to the spool of a minter that has not minted it', async () => {
    const [here, there] = [await minted(), await minted()];
    await there.client.mint(there.tokenId, soon());
    await here.client.mint(here.tokenId, soon());
    await here.minter.close();
    await rm(here.spoolDir, { recursive: true });
    here.minter = await here.start();
    await eventually(
      () => readdir(here.spoolDir),
      (files) => files.length > 0,
    );
    expect(await readdir(here.spoolDir)).toEqual([`${here.tokenId}.json`]);
    for (const { client, tokenId } of [here, there]) expect(await client.revoke(tokenId, soon())).toBe('revoked');
    for (const { minter } of [here, there]) await minter.close();
  });

  it.each([
    ['is cut short', (text: string) => text.slice(0, text.length / 2)],
    ['is garbage', () => '\u0000\u0001garbage'],
    ['is empty', () => ''],
    ['is JSON of another kind', () => '{"tokenId":"tok_x"}'],
  ])('is set aside and reported when its file %s, and holds up no other', async (_how, damage) => {
    const life = await minted();
    await life.client.mint(life.tokenId, soon());
    await life.minter.close();
    const file = join(life.spoolDir, `${life.tokenId}.json`);
    const broken = damage(await readFile(file, 'utf8'));
    await writeFile(join(life.spoolDir, 'tok_broken.json'), broken);
    await redis.flushall();
    life.minter = await life.start();
    await eventually(
      () => readToken(redis, life.tokenId),
      (token) => token?.state === 'revoked',
    );
    const kept = await eventually(
      () => readdir(life.spoolDir),
      (files) => files.length === 1,
    );
    expect(kept).toEqual(['tok_broken.json.damaged']);
    expect(await readFile(join(life.spoolDir, 'tok_broken.json.damaged'), 'utf8')).toBe(broken);
    expect(life.logged()).toContain('a file of the spool is damaged');
    const health = await createMinterCalls(life.socket).call('/healthz', z.object({ damagedSpoolFiles: z.number() }), {
      signal: soon(),
    });
    expect(health.damagedSpoolFiles).toBe(1);
    await life.minter.close();
  });

  it('is deleted although its file is damaged, as long as the ledger has it', async () => {
    const life = await minted();
    await life.client.mint(life.tokenId, soon());
    await life.minter.close();
    await writeFile(join(life.spoolDir, `${life.tokenId}.json`), '{');
    life.minter = await life.start();
    await eventually(
      () => readdir(life.spoolDir),
      (files) => files.includes(`${life.tokenId}.json`) && files.includes(`${life.tokenId}.json.damaged`),
    );
    expect(await life.client.revoke(life.tokenId, soon())).toBe('revoked');
    expect(life.provider.liveValues()).toEqual([]);
    await life.minter.close();
  });

  it('is found when the minter was killed between writing its file and naming it', async () => {
    const life = await minted();
    await life.client.mint(life.tokenId, soon());
    await life.minter.close();
    const file = join(life.spoolDir, `${life.tokenId}.json`);
    await rename(file, `${file}.tmp`);
    await writeFile(join(life.spoolDir, 'tok_half.json.tmp'), '{"tokenId":"tok_ha');
    await redis.flushall();
    life.minter = await life.start();
    await eventually(
      () => readToken(redis, life.tokenId),
      (token) => token?.state === 'revoked',
    );
    expect(life.provider.liveValues()).toEqual([]);
    expect(await readdir(life.spoolDir)).toEqual([]);
    await life.minter.close();
  });

  it('costs a look at two lists and no more, be there ten thousand of them', async () => {
    const spoolDir = join(dir, randomUUID());
    const spool = await openSpool(spoolDir, pino({ level: 'silent' }));
    const name = randomUUID();
    const ids = Array.from({ length: 10_000 }, (_, n) => `tok_many${n}`);
    const line = { sessionId: 'ses_many', provider: 'fake', repoIds: [REPO_A], fingerprint: 'f', sealed: 'v1.k1.a.b' };
    const times = { mintedAt: new Date().toISOString(), expiresAt: new Date().toISOString() };
    await inBatches(ids, 32, (tokenId) =>
      writeFile(join(spoolDir, `${tokenId}.json`), JSON.stringify({ tokenId, ...line, ...times })),
    );
    await inBatches(ids, 32, async (id) => {
      await change(redis, { sessionId: 'ses_many', tokenId: id }, () => ({
        token: aToken({ id, sessionId: 'ses_many', state: 'active', minter: name }),
      }));
    });
    const asked: string[][] = [];
    const keyRing = createKeyRing(sealKeys.keys);
    const { privateKey: receiptKey } = generateKeyPairSync('ed25519');
    const log = pino({ level: 'silent' });
    const deps = { name, redis, provider: createFakeTokenProvider(), keyRing, spool, log, receiptKey };
    const look = createKeepSpool(deps, { lookAfter: (tokenIds) => void asked.push(tokenIds) });
    await look();
    await look();
    expect(await spool.all()).toHaveLength(10_000);
    expect(asked.flat()).toEqual([]);
    await redis.flushall();
  });

  it('waits with all others for a Redis that cannot serve yet, and is looked after then', async () => {
    const life = await minted();
    await life.client.mint(life.tokenId, soon());
    await life.minter.close();
    await redis.config('SET', 'replica-serve-stale-data', 'no');
    await redis.replicaof('127.0.0.1', '1');
    const starting = life.start();
    await eventually(life.logged, (lines) => lines.includes('the minter waits for it'));
    await redis.replicaof('NO', 'ONE');
    life.minter = await starting;
    expect(await life.client.revoke(life.tokenId, soon())).toBe('revoked');
    await life.minter.close();
  });
});
