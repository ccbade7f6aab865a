import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { decideKill } from '../../../src/session/kill-switch.ts';
import { change, readToken } from '../../../src/store/records.ts';
import { createMinterClient } from '../../../src/token/minter/client.ts';
import { startMinter } from '../../../src/token/minter/start.ts';
import { Secret } from '../../../src/token/secret.ts';
import { createFakeTokenProvider } from '../../fakes/fake-token-provider.ts';
import { eventually } from '../../support/eventually.ts';
import { aSession, aToken, REPO_A } from '../../support/records.ts';
import { useTestRedis } from '../../support/redis.ts';

const own = useTestRedis();
const [sessionId, tokenId] = ['ses_kill', 'tok_kill'];
const soon = (): AbortSignal => AbortSignal.timeout(20_000);

const pullKillSwitch = () =>
  change(own.redis, { sessionId, tokenId }, ({ session, token }) =>
    token === null ? null : decideKill(session, token, new Date()),
  );

/** A minter with one session in `starting` whose token is only intended. */
async function open() {
  const dir = await mkdtemp(join(tmpdir(), 'daypass-kill-'));
  const provider = createFakeTokenProvider();
  provider.addRepo(REPO_A);
  const socket = join(dir, 'minter.sock');
  const minter = await startMinter({
    redis: own.redis,
    provider,
    name: 'minter-1',
    sealKeys: { keys: [{ id: 'k1', key: new Secret(randomBytes(32).toString('base64')) }] },
    spoolDir: join(dir, 'spool'),
    receiptKeyFile: join(dir, 'receipt-key.pem'),
    socket,
    credentialSocket: join(dir, 'credentials.sock'),
    log: pino({ level: 'silent' }),
  });
  const client = createMinterClient(socket);
  await change(own.redis, { sessionId, tokenId }, () => ({
    session: aSession({ id: sessionId, status: 'starting', tokenId }),
    token: aToken({ id: tokenId, sessionId }),
  }));
  return {
    provider,
    name: 'minter-1',
    client,
    [Symbol.asyncDispose]: async () => {
      client.close();
      await minter.close();
      await own.redis.flushall();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

test('a token whose kill switch was pulled before its minting is not minted', async () => {
  await using minter = await open();
  await pullKillSwitch();
  await expect(minter.client.mint(tokenId, soon())).rejects.toMatchObject({ code: 'token_revoked' });
  expect(minter.provider.calls).toEqual([]);
});

test('a token whose kill switch is pulled during its minting is deleted, and never active', async () => {
  await using minter = await open();
  minter.provider.beforeNextAnswer('mint', pullKillSwitch);
  await expect(minter.client.mint(tokenId, soon())).rejects.toMatchObject({ code: 'token_revoked' });
  const token = await eventually(
    () => readToken(own.redis, tokenId),
    (now) => now?.state === 'revoked',
  );
  expect(token?.verifiedAt).not.toBeNull();
  expect(minter.provider.liveValues()).toEqual([]);
});
