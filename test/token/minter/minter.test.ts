import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { keys } from '../../../src/store/keys.ts';
import { readMinterFacts } from '../../../src/store/minter-facts.ts';
import { change, readToken, view } from '../../../src/store/records.ts';
import { createMinterClient } from '../../../src/token/minter/client.ts';
import { createKeysClient } from '../../../src/token/minter/keys-client.ts';
import { startMinter } from '../../../src/token/minter/start.ts';
import { ProviderError } from '../../../src/token/provider.ts';
import { requestPublicKey, sealSecrets } from '../../../src/token/request-secrets.ts';
import { createKeyRing, type SealKey } from '../../../src/token/sealing.ts';
import type { TokenRecord } from '../../../src/token/record.ts';
import { Secret } from '../../../src/token/secret.ts';
import { afterRemoval } from '../../../workers/settle-session.ts';
import { createFakeTokenProvider } from '../../fakes/fake-token-provider.ts';
import { eventually } from '../../support/eventually.ts';
import { aSession, aToken, REPO_A } from '../../support/records.ts';
import { useTestRedis } from '../../support/redis.ts';

const soon = (): AbortSignal => AbortSignal.timeout(20_000);
const sealKey: SealKey = { id: 'k1', key: new Secret(randomBytes(32).toString('base64')) };
const away = new ProviderError('unavailable', 'the host answered 500');

describe('the minter', () => {
  const own = useTestRedis();

  /** A minter of its own over the shared Redis, with a session whose token is intended. */
  async function open({ secrets }: { secrets?: Record<string, string> } = {}) {
    const dir = await mkdtemp(join(tmpdir(), 'daypass-minter-'));
    const provider = createFakeTokenProvider();
    provider.addRepo(REPO_A);
    const lines: string[] = [];
    const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
    const socket = join(dir, 'minter.sock');
    const spoolDir = join(dir, 'spool');
    const receiptKeyFile = join(dir, 'receipt-key.pem');
    const name = randomUUID();
    const start = (ring = [sealKey]) =>
      startMinter({
        name,
        redis: own.redis,
        provider,
        sealKeys: { keys: ring },
        spoolDir,
        receiptKeyFile,
        socket,
        credentialSocket: join(dir, 'credentials.sock'),
        log,
      });
    let minter = await start();
    const client = createMinterClient(socket);

    const [sessionId, tokenId, sandboxId] = [`ses_${randomUUID()}`, `tok_${randomUUID()}`, `sbx_${randomUUID()}`];
    const sealedSecrets = secrets
      ? await sealSecrets(await requestPublicKey(sealKey), sealKey.id, sessionId, secrets)
      : null;
    const deadlineAt = new Date(Date.now() + 60_000).toISOString();
    await change(own.redis, { sessionId, tokenId }, () => ({
      session: aSession({ id: sessionId, status: 'starting', tokenId, deadlineAt, sealedSecrets }),
      token: aToken({ id: tokenId, sessionId, intendedAt: new Date().toISOString() }),
    }));
    return {
      provider,
      client,
      sessionId,
      tokenId,
      sandboxId,
      name,
      dir,
      spoolDir,
      start,
      logged: () => lines.join(''),
      claim: () =>
        change(own.redis, { sessionId }, ({ session }) => ({
          session: {
            ...(session ?? aSession()),
            sandbox: {
              id: sandboxId,
              image: 'i',
              engine: 'engine-1',
              claimedAt: new Date().toISOString(),
              removedAt: null,
            },
          },
        })),
      end: () =>
        change(own.redis, { sessionId, tokenId }, ({ session }) => ({
          session: { ...(session ?? aSession()), status: 'succeeded', endedAt: new Date().toISOString() },
        })),
      restart: async (ring?: SealKey[]) => {
        await minter.close();
        minter = await start(ring);
      },
      reseal: async () => {
        const operator = createKeysClient(socket);
        await operator.rotate();
        operator.close();
      },
      [Symbol.asyncDispose]: async () => {
        await minter.close();
        client.close();
        await rm(dir, { recursive: true, force: true });
      },
    };
  }

  it('mints, opens to the claimed sandbox, and deletes a token until it is seen to be refused', async () => {
    await using minter = await open({ secrets: { MODEL_API_KEY: 'sk-obviously-fake' } });
    await minter.client.mint(minter.tokenId, soon());
    const active = await readToken(own.redis, minter.tokenId);
    expect(active).toMatchObject({ state: 'active', provider: 'fake', attempts: 0 });
    const [value = ''] = minter.provider.liveValues();
    expect(active?.fingerprint).toBe(new Secret(value).fingerprint());

    await minter.claim();
    const grant = await minter.client.open(minter.sessionId, minter.sandboxId, 'deliver', soon());
    expect(grant.access.secretEnv['REPO_TOKEN']?.reveal()).toBe(value);
    expect(grant.secrets['MODEL_API_KEY']?.reveal()).toBe('sk-obviously-fake');
    expect((await readToken(own.redis, minter.tokenId))?.deliveredAt).not.toBeNull();

    expect(await minter.client.revoke(minter.tokenId, soon())).toBe('revoked');
    expect(minter.provider.liveValues()).toEqual([]);
    const revoked = await readToken(own.redis, minter.tokenId);
    expect(revoked).toMatchObject({ state: 'revoked', attempts: 1 });
    expect(revoked?.verifiedAt).not.toBeNull();
    expect(await readdir(minter.spoolDir)).toEqual([]);
  });

  it('keeps the value nowhere in clear: not in Redis’ files, the spool, or its own log', async () => {
    await using minter = await open();
    await minter.client.mint(minter.tokenId, soon());
    const [value = ''] = minter.provider.liveValues();
    minter.provider.failNext('delete', away);
    const revoking = minter.client.revoke(minter.tokenId, soon());
    const spooled = await readdir(minter.spoolDir);
    expect(spooled).toEqual([`${minter.tokenId}.json`]);
    const texts = await Promise.all([
      readTree(own.server.dir),
      readTree(minter.spoolDir),
      revoking.then(() => minter.logged()),
    ]);
    expect(texts[0]).toContain(minter.tokenId);
    const forms = ['utf8', 'base64', 'hex'].map((encoding) => Buffer.from(value).toString(encoding as BufferEncoding));
    for (const form of [...forms, encodeURIComponent(value)]) expect(texts.join('')).not.toContain(form);
  });

  it('mints once when it is asked twice side by side, and again', async () => {
    await using minter = await open();
    await Promise.all([minter.client.mint(minter.tokenId, soon()), minter.client.mint(minter.tokenId, soon())]);
    await minter.client.mint(minter.tokenId, soon());
    expect(minter.provider.calls).toEqual(['mint']);
    expect(minter.provider.liveValues()).toHaveLength(1);
  });

  it('tries a deletion again until the provider answers, and says how often', async () => {
    await using minter = await open();
    await minter.client.mint(minter.tokenId, soon());
    minter.provider.failNext('delete', away, 2);
    expect(await minter.client.revoke(minter.tokenId, soon())).toBe('revoked');
    expect(await readToken(own.redis, minter.tokenId)).toMatchObject({
      attempts: 3,
      lastError: 'the host answered 500',
    });
  });

  it('does not believe a confirmed deletion while the token still opens its repo', async () => {
    await using minter = await open();
    await minter.client.mint(minter.tokenId, soon());
    minter.provider.confirmWithoutDeleting(1);
    expect(await minter.client.revoke(minter.tokenId, soon())).toBe('revoked');
    expect(minter.provider.calls.filter((call) => call === 'delete')).toHaveLength(2);
    expect(minter.provider.liveValues()).toEqual([]);
  });

  it('goes on with a deletion that an earlier life of it began', async () => {
    await using minter = await open();
    await minter.client.mint(minter.tokenId, soon());
    minter.provider.failNext('delete', away, 50);
    const revoking = minter.client.revoke(minter.tokenId, soon()).catch(() => null);
    await eventually(
      () => readToken(own.redis, minter.tokenId),
      (token) => (token?.attempts ?? 0) > 0,
    );
    minter.provider.forgetFailures();
    await minter.restart();
    await revoking;
    await eventually(
      () => readToken(own.redis, minter.tokenId),
      (token) => token?.state === 'revoked',
    );
    expect(minter.provider.liveValues()).toEqual([]);
  });

  it.each([
    ['not_found', 'refused', 'repo_not_found'],
    ['refused', 'refused', 'repo_refused'],
    ['unavailable', 'unknown', 'provider_unavailable'],
    ['unauthorized', 'refused', 'provider_unavailable'],
  ] as const)('writes down a minting that ends %s as %s', async (kind, state, code) => {
    await using minter = await open();
    minter.provider.failNext('mint', new ProviderError(kind, 'said the host'));
    await expect(minter.client.mint(minter.tokenId, soon())).rejects.toMatchObject({ code });
    expect(await readToken(own.redis, minter.tokenId)).toMatchObject({ state });
  });

  it('deletes by itself what was minted for a session that ended meanwhile', async () => {
    await using minter = await open();
    minter.provider.beforeNextAnswer('mint', minter.end);
    await expect(minter.client.mint(minter.tokenId, soon())).rejects.toMatchObject({ code: 'token_revoked' });
    await eventually(
      () => readToken(own.redis, minter.tokenId),
      (token) => token?.state === 'revoked',
    );
    expect(minter.provider.calls).toEqual(['mint', 'delete', 'isRefused']);
    expect(minter.provider.liveValues()).toEqual([]);
  });

  it('mints nothing for a session that has ended', async () => {
    await using minter = await open();
    await minter.end();
    await expect(minter.client.mint(minter.tokenId, soon())).rejects.toMatchObject({ code: 'token_revoked' });
    expect(minter.provider.calls).toEqual([]);
  });

  it('takes a token that an earlier life of it minted and did not write in the ledger, and mints no other', async () => {
    await using minter = await open();
    await minter.client.mint(minter.tokenId, soon());
    const active = await readToken(own.redis, minter.tokenId);
    await own.redis.set(
      keys.token(minter.tokenId),
      JSON.stringify(aToken({ ...active, state: 'intended', sealed: null })),
    );
    await minter.restart();
    await minter.client.mint(minter.tokenId, soon());
    expect(minter.provider.calls).toEqual(['mint']);
    expect(await readToken(own.redis, minter.tokenId)).toMatchObject({ state: 'active', sealed: active?.sealed });
  });

  it('waits at its end for a minting under way, so that its value is not lost', async () => {
    await using minter = await open();
    const [asked, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    minter.provider.beforeNextAnswer('mint', () => {
      asked.resolve();
      return answered.promise;
    });
    const minting = minter.client.mint(minter.tokenId, soon());
    await asked.promise;
    const restarted = minter.restart();
    answered.resolve();
    await Promise.all([minting, restarted]);
    expect(await readToken(own.redis, minter.tokenId)).toMatchObject({ state: 'active' });
  });

  it('pays for other tokens while the provider hangs on one', async () => {
    await using stuck = await open();
    await stuck.client.mint(stuck.tokenId, soon());
    const released = Promise.withResolvers<void>();
    stuck.provider.beforeNextAnswer('delete', () => released.promise);
    const second = `tok_${randomUUID()}`;
    await change(own.redis, { sessionId: stuck.sessionId, tokenId: second }, ({ session }) => ({
      session: { ...(session ?? aSession()), tokenId: second },
      token: aToken({ id: second, sessionId: stuck.sessionId }),
    }));
    await stuck.client.mint(second, soon());
    const hanging = stuck.client.revoke(stuck.tokenId, soon());
    await eventually(
      () => stuck.provider.calls,
      (calls) => calls.includes('delete'),
    );
    expect(await stuck.client.revoke(second, soon())).toBe('revoked');
    expect((await readToken(own.redis, stuck.tokenId))?.state).toBe('revoking');
    released.resolve();
    expect(await hanging).toBe('revoked');
  });

  /** Makes it minted, and its lifetime over for so long. */
  const overFor = async (minter: Awaited<ReturnType<typeof open>>, ms: number): Promise<void> => {
    const { sessionId, tokenId } = minter;
    await minter.client.mint(tokenId, soon());
    const expiresAt = new Date(Date.now() - ms).toISOString();
    await change(own.redis, { sessionId, tokenId }, ({ token }) => ({ token: { ...aToken(), ...token, expiresAt } }));
  };
  const HOUR_MS = 3_600_000;

  it('deletes a token although its lifetime has passed by our clock: only a refusal proves that it is over', async () => {
    await using minter = await open();
    await overFor(minter, 48 * HOUR_MS);
    minter.provider.confirmWithoutDeleting(1);
    expect(await minter.client.revoke(minter.tokenId, soon())).toBe('revoked');
    expect(minter.provider.liveValues()).toEqual([]);
    expect((await readToken(own.redis, minter.tokenId))?.verifiedAt).not.toBeNull();
  });

  it('counts a token as expired when nobody could be asked for a day after its lifetime', async () => {
    await using minter = await open();
    await overFor(minter, 23 * HOUR_MS);
    minter.provider.failNext('delete', away, 2);
    expect(await minter.client.revoke(minter.tokenId, soon())).toBe('revoked');
    await using other = await open();
    await overFor(other, 25 * HOUR_MS);
    other.provider.failNext('delete', away);
    expect(await other.client.revoke(other.tokenId, soon())).toBe('expired');
    expect(await readToken(own.redis, other.tokenId)).toMatchObject({ revokedAt: null, verifiedAt: null });
    expect(await readdir(other.spoolDir)).toEqual([]);
  });

  it('does not believe a host that says its token ends before the time that was asked for', async () => {
    await using minter = await open();
    minter.provider.saysItEnds('2026-01-01T00:00:00.000Z');
    await minter.client.mint(minter.tokenId, soon());
    const { expiresAt, mintedAt } = (await readToken(own.redis, minter.tokenId)) ?? aToken();
    expect(Date.parse(expiresAt ?? '')).toBe(Date.parse(mintedAt ?? '') + 180_000);
  });

  it('leaves an intent that nobody minted as it is, and says so of a token that nobody knows', async () => {
    await using minter = await open();
    expect(await minter.client.revoke(minter.tokenId, soon())).toBe('intended');
    expect(await minter.client.revoke('tok_nobody', soon())).toBeNull();
    await expect(minter.client.mint('tok_nobody', soon())).rejects.toMatchObject({ code: 'internal_error' });
  });

  it('opens nothing to a sandbox without the claim, nor after the end', async () => {
    await using minter = await open();
    await minter.client.mint(minter.tokenId, soon());
    await expect(minter.client.open(minter.sessionId, minter.sandboxId, 'deliver', soon())).rejects.toMatchObject({
      code: 'worker_lost',
    });
    await minter.claim();
    await expect(minter.client.open(minter.sessionId, 'sbx_other', 'deliver', soon())).rejects.toMatchObject({
      code: 'worker_lost',
    });
    await minter.end();
    await expect(minter.client.open(minter.sessionId, minter.sandboxId, 'deliver', soon())).rejects.toMatchObject({
      code: 'token_revoked',
    });
  });

  it('gives the values for masking also after the token is gone, until its sandbox is gone too', async () => {
    await using minter = await open({ secrets: { MODEL_API_KEY: 'sk-obviously-fake' } });
    const { client, sessionId, tokenId, sandboxId } = minter;
    await client.mint(tokenId, soon());
    await minter.claim();
    const [value] = minter.provider.liveValues();
    const before = await client.open(sessionId, sandboxId, 'mask', soon());
    expect(before.access.secretEnv['REPO_TOKEN']?.reveal()).toBe(value);
    expect((await readToken(own.redis, tokenId))?.deliveredAt).toBeNull();

    expect(await client.revoke(tokenId, soon())).toBe('revoked');
    await minter.end();
    const after = await client.open(sessionId, sandboxId, 'mask', soon());
    expect(after.access.secretEnv['REPO_TOKEN']?.reveal()).toBe(value);
    expect(after.secrets['MODEL_API_KEY']?.reveal()).toBe('sk-obviously-fake');

    await change(own.redis, { sessionId, tokenId }, (now) => afterRemoval(now, sandboxId, new Date()));
    await expect(client.open(sessionId, sandboxId, 'mask', soon())).rejects.toMatchObject({ code: 'token_revoked' });
    const { session, token } = await view(own.redis, sessionId);
    expect([session?.sealedSecrets, token?.sealed]).toEqual([null, null]);
  });

  it('erases the value itself when the sandbox is gone before the token, or never was', async () => {
    await using minter = await open();
    await minter.client.mint(minter.tokenId, soon());
    await minter.end();
    expect(await minter.client.revoke(minter.tokenId, soon())).toBe('revoked');
    expect((await readToken(own.redis, minter.tokenId))?.sealed).toBeNull();
  });

  it('mints nothing again when an earlier life was killed after the provider had minted', async () => {
    await using minter = await open();
    const { sessionId, tokenId } = minter;
    // The provider has answered, and the process with the answer is no more: neither spool nor ledger have the token.
    const askedAt = new Date().toISOString();
    await change(own.redis, { sessionId, tokenId }, ({ token }) => ({
      token: { ...aToken(), ...token, askedAt, minter: minter.name },
    }));
    await expect(minter.client.mint(tokenId, soon())).rejects.toMatchObject({
      code: 'provider_unavailable',
      message: expect.stringContaining('is lost') as string,
    });
    expect(minter.provider.calls).toEqual([]);
    const line = await readToken(own.redis, tokenId);
    expect(line?.state).toBe('unknown');
    expect(Date.parse(line?.expiresAt ?? '')).toBe(Date.parse(askedAt) + 60_000 + 180_000);
    // Asking again changes nothing.
    await expect(minter.client.mint(tokenId, soon())).rejects.toMatchObject({ code: 'provider_unavailable' });
  });

  it('has written down that it asks before the provider is asked', async () => {
    await using minter = await open();
    let seen: TokenRecord | null = null;
    minter.provider.beforeNextAnswer('mint', async () => {
      seen = await readToken(own.redis, minter.tokenId);
    });
    await minter.client.mint(minter.tokenId, soon());
    expect(seen).toMatchObject({ state: 'intended', askedAt: expect.any(String) as string, minter: minter.name });
    expect((await readToken(own.redis, minter.tokenId))?.state).toBe('active');
  });

  it('refuses to start when a live token needs a seal key that is missing, and names it', async () => {
    await using minter = await open();
    await minter.client.mint(minter.tokenId, soon());
    const other: SealKey = { id: 'k9', key: new Secret(randomBytes(32).toString('base64')) };
    await expect(minter.start([other])).rejects.toThrow(/k1/);
    await minter.client.revoke(minter.tokenId, soon());
  });

  it('finds its way when Redis comes back as an older copy, from before a seal key was dropped', async () => {
    await using minter = await open();
    const { sessionId, tokenId } = minter;
    await minter.client.mint(tokenId, soon());
    const older = await view(own.redis, sessionId);
    const facts = await own.redis.get(keys.minter);
    const newer: SealKey = { id: 'k2', key: new Secret(randomBytes(32).toString('base64')) };
    await minter.restart([newer, sealKey]);
    await minter.reseal();
    await minter.restart([newer]);
    const comeBack = async () => {
      await own.redis.set(keys.token(tokenId), JSON.stringify(older.token));
      await own.redis.set(keys.minter, facts ?? '');
    };

    await comeBack();
    // It names the key that is in the ring again, or the API would seal secrets that nobody can open.
    await eventually(
      () => readMinterFacts(own.redis),
      (told) => told?.keyId === 'k2',
    );
    await minter.claim();
    const { access } = await minter.client.open(sessionId, minter.sandboxId, 'deliver', soon());
    expect(access.secretEnv['REPO_TOKEN']?.reveal()).toBe(minter.provider.liveValues()[0]);
    await comeBack();
    await minter.restart([newer]);
    expect(await minter.client.revoke(tokenId, soon())).toBe('revoked');
    expect(minter.provider.liveValues()).toEqual([]);
    // What other stories have left is sealed as it was before.
    await minter.restart([sealKey, newer]);
    await minter.reseal();
  });

  it('deletes by itself what may not live any more, with no worker there to say so', async () => {
    await using late = await open();
    await using ended = await open();
    await using legal = await open();
    for (const minter of [late, ended, legal]) await minter.client.mint(minter.tokenId, soon());
    await change(own.redis, late, ({ session }) =>
      session === null ? null : { session: { ...session, deadlineAt: new Date(Date.now() - 10_000).toISOString() } },
    );
    await ended.end();
    for (const { tokenId, provider } of [late, ended]) {
      await eventually(
        () => readToken(own.redis, tokenId),
        (token) => token?.state === 'revoked',
        { timeoutMs: 20_000 },
      );
      expect(provider.liveValues()).toEqual([]);
    }
    expect((await readToken(own.redis, legal.tokenId))?.state).toBe('active');
  });

  it('starts without the seal key of a token whose lifetime is over', async () => {
    await using minter = await open();
    await minter.client.mint(minter.tokenId, soon());
    const lost = createKeyRing([{ id: 'k8', key: new Secret(randomBytes(32).toString('base64')) }]);
    const sealed = lost.seal(new Secret('a value that nobody can open'), minter.tokenId);
    const file = join(minter.spoolDir, `${minter.tokenId}.json`);
    const endAt = async (ms: number) => {
      const over = { sealed, expiresAt: new Date(Date.now() + ms).toISOString() };
      await change(own.redis, minter, ({ token }) => ({ token: { ...aToken(), ...token, ...over } }));
      await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), ...over }));
    };
    await endAt(60_000);
    await expect(minter.restart()).rejects.toThrow(/k8/);
    await endAt(-1_000);
    await expect(minter.restart()).resolves.toBeUndefined();
  });

  it('is reported as away when nobody listens', async () => {
    const client = createMinterClient('/nonexistent/minter.sock');
    await expect(client.mint('tok_x', soon())).rejects.toMatchObject({ code: 'minter_unavailable' });
    client.close();
  });
});

async function readTree(dir: string): Promise<string> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return (await Promise.all(files.map((file) => readFile(file, 'latin1')))).join('');
}
