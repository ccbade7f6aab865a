import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { change, readToken } from '../../../src/store/records.ts';
import { connectPatientRedis, redisReady, type Redis } from '../../../src/store/redis.ts';
import { createMinterClient } from '../../../src/token/minter/client.ts';
import { startMinter } from '../../../src/token/minter/start.ts';
import { Secret } from '../../../src/token/secret.ts';
import { createFakeTokenProvider } from '../../fakes/fake-token-provider.ts';
import { eventually } from '../../support/eventually.ts';
import { aSession, aToken, REPO_A } from '../../support/records.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

const sealKeys = { keys: [{ id: 'k1', key: new Secret(randomBytes(32).toString('base64')) }] };
const soon = (): AbortSignal => AbortSignal.timeout(20_000);

describe('a token that the ledger does not know, but the spool does', () => {
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
    const log = pino({ level: 'silent' });
    const name = randomUUID();
    const start = () => startMinter({ name, redis, provider, sealKeys, spoolDir, receiptKeyFile, socket, log });
    const minter = await start();
    const client = createMinterClient(socket);
    const [sessionId, tokenId] = [`ses_${randomUUID()}`, `tok_${randomUUID()}`];
    await change(redis, { sessionId, tokenId }, () => ({
      session: aSession({ id: sessionId, status: 'starting', tokenId }),
      token: aToken({ id: tokenId, sessionId, intendedAt: new Date().toISOString() }),
    }));
    return { spoolDir, provider, start, minter, client, sessionId, tokenId };
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
    await expect(life.client.mint(life.tokenId, soon())).rejects.toMatchObject({ code: 'minter_unavailable' });
    await eventually(
      () => readToken(redis, life.tokenId),
      (token) => token?.state === 'revoked',
    );
    expect(life.provider.liveValues()).toEqual([]);
    await life.minter.close();
  });
});
