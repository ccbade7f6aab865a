import { createPublicKey, generateKeyPairSync, randomBytes, sign, verify, type JsonWebKey } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SessionRecord } from '../../../../src/session/record.ts';
import { keys } from '../../../../src/store/keys.ts';
import { dueReceipts } from '../../../../src/store/receipts.ts';
import { change, readToken } from '../../../../src/store/records.ts';
import { connectPatientRedis, redisReady, type Redis } from '../../../../src/store/redis.ts';
import { createMinterClient, type MinterClient } from '../../../../src/token/minter/client.ts';
import { startMinter } from '../../../../src/token/minter/start.ts';
import { ProviderError } from '../../../../src/token/provider.ts';
import { canonicalJson, type Json } from '../../../../src/token/receipt/canonical-json.ts';
import { receiptKeySetSchema, toReceiptKey } from '../../../../src/token/receipt/receipt-key.ts';
import { verifyReceipt } from '../../../../src/token/receipt/verify-receipt.ts';
import { Secret } from '../../../../src/token/secret.ts';
import { createFakeTokenProvider, type FakeTokenProvider } from '../../../fakes/fake-token-provider.ts';
import { putSession, startApiRig, type ApiRig } from '../../../support/api-rig.ts';
import { eventually } from '../../../support/eventually.ts';
import { aToken, REPO_A } from '../../../support/records.ts';

type Wire = Record<string, unknown> & { final: boolean; signature: { keyId: string; value: string } | null };

const soon = (): AbortSignal => AbortSignal.timeout(20_000);
const now = (): string => new Date().toISOString();

describe('the receipt of a session', () => {
  let rig: ApiRig;
  let redis: Redis;
  let dir: string;
  let provider: FakeTokenProvider;
  let minter: { close(): Promise<void> };
  let client: MinterClient;
  let lines: string[];

  beforeAll(async () => {
    rig = await startApiRig();
    redis = connectPatientRedis(rig.store.url);
    await redisReady(redis, 5_000);
  });
  afterAll(async () => {
    redis?.disconnect();
    await rig?.close();
  });
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'daypass-receipts-'));
    provider = createFakeTokenProvider();
    provider.addRepo(REPO_A);
    lines = [];
    client = createMinterClient(join(dir, 'minter.sock'));
    minter = await startMinter({
      redis,
      provider,
      name: 'minter-1',
      sealKeys: { keys: [{ id: 'k1', key: new Secret(randomBytes(32).toString('base64')) }] },
      spoolDir: join(dir, 'spool'),
      receiptKeyFile: join(dir, 'receipt-key.pem'),
      socket: join(dir, 'minter.sock'),
      credentialSocket: join(dir, 'credentials.sock'),
      log: pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) }),
    });
  });
  afterEach(async () => {
    client.close();
    await minter.close();
    await rm(dir, { recursive: true, force: true });
  });

  /** A running session with a token that was really minted. */
  async function running() {
    const { session, token } = await putSession(redis, { status: 'running' }, { state: 'intended', provider: null });
    const [sessionId, tokenId] = [session.id, token?.id ?? ''];
    await client.mint(tokenId, soon());
    return { sessionId, tokenId };
  }

  const end = (sessionId: string, tokenId: string | null, over: Partial<SessionRecord> = {}) =>
    change(redis, { sessionId, tokenId }, ({ session }) =>
      session === null ? null : { session: { ...session, status: 'succeeded', endedAt: now(), ...over } },
    );
  const receipt = async (sessionId: string) =>
    (await rig.call('GET', `/v1/sessions/${sessionId}/receipt`)).body as Wire;
  const signed = (sessionId: string) =>
    eventually(
      () => receipt(sessionId),
      ({ signature }) => signature !== null,
    );

  /** As an auditor would, with nothing of this project but its keys. */
  async function holds({ signature, ...rest }: Wire): Promise<boolean> {
    const { status, body } = await rig.call('GET', '/.well-known/daypass-receipt-keys.json', { key: null });
    expect(status).toBe(200);
    const jwk = (body as { keys: JsonWebKey[] }).keys.find(({ kid }) => kid === signature?.keyId);
    expect(jwk).toMatchObject({ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig' });
    const content = JSON.stringify(Object.fromEntries(Object.entries(rest).toSorted(([a], [b]) => (a < b ? -1 : 1))));
    const key = createPublicKey({ key: jwk ?? {}, format: 'jwk' });
    return verify(null, Buffer.from(content), key, Buffer.from(signature?.value ?? '', 'base64url'));
  }

  test('is signed when session and token are over, and no field of it can be changed after that', async () => {
    const { sessionId, tokenId } = await running();
    expect(await receipt(sessionId)).toMatchObject({ final: false, tokenState: 'active', signature: null });
    await end(sessionId, tokenId);
    expect(await client.revoke(tokenId, soon())).toBe('revoked');
    const final = await signed(sessionId);
    expect(final).toMatchObject({
      sessionId,
      final: true,
      provider: 'fake',
      tokenState: 'revoked',
      fingerprint: (await readToken(redis, tokenId))?.fingerprint,
      repoIds: [REPO_A],
      attempts: 1,
      verifiedAt: expect.any(String),
      signature: { algorithm: 'Ed25519', signedAt: expect.any(String) },
    });
    expect(await holds(final)).toBe(true);
    for (const name of Object.keys(final).filter((field) => field !== 'signature')) {
      expect(await holds({ ...final, [name]: 'changed' })).toBe(false);
    }
    expect(await dueReceipts(redis)).not.toContain(sessionId);
  });

  test('is not signed while the token is not gone, however long its session has ended', async () => {
    const { sessionId, tokenId } = await running();
    provider.failNext('delete', new ProviderError('unavailable', 'the host answered 500'), 1_000);
    await end(sessionId, tokenId);
    await client.revoke(tokenId, AbortSignal.timeout(500)).catch(() => undefined);
    // Looked at, and found not to be ready.
    await eventually(
      () => dueReceipts(redis),
      (due) => !due.includes(sessionId),
    );
    expect(await receipt(sessionId)).toMatchObject({ final: false, tokenState: 'revoking', signature: null });
    provider.forgetFailures();
    const final = await signed(sessionId);
    expect(final).toMatchObject({ final: true, tokenState: 'revoked' });
    expect(await holds(final)).toBe(true);
  });

  test('of a session that never had a token says so, signed', async () => {
    const { session } = await putSession(redis);
    await rig.call('POST', `/v1/sessions/${session.id}/stop`);
    const final = await signed(session.id);
    expect(final).toMatchObject({ final: true, tokenState: null, fingerprint: null, verifiedAt: null });
    expect(await holds(final)).toBe(true);
  });

  test('is not signed for a token that the ledger calls refused, but that the minter never saw refused', async () => {
    const over = { state: 'revoked' as const, fingerprint: 'abcdef012345', revokedAt: now(), verifiedAt: now() };
    const forged = await putSession(redis, { status: 'succeeded', endedAt: now() }, over);
    const { sessionId, tokenId } = await running();
    await client.revoke(tokenId, soon());
    // Its true testimony is kept, but a time is not the one that was seen.
    await change(redis, { sessionId, tokenId }, ({ token }) =>
      token === null ? null : { token: { ...token, verifiedAt: '2026-01-01T00:00:00.000Z' } },
    );
    await end(sessionId, tokenId);
    // Another one's token, which was truly seen to be refused.
    const other = await running();
    await client.revoke(other.tokenId, soon());
    const borrowed = await putSession(redis, { status: 'succeeded', endedAt: now(), tokenId: other.tokenId });
    const unsigned = [forged.session.id, sessionId, borrowed.session.id];
    await eventually(
      () => lines.filter((line) => line.includes('not by this minter')).length,
      (count) => count === unsigned.length,
    );
    for (const id of unsigned) {
      expect(await receipt(id)).toMatchObject({ final: true, signature: null });
      expect(await dueReceipts(redis)).toContain(id);
    }
  });

  test('names the tokens that its session had before, and waits for them to be over', async () => {
    const { sessionId, tokenId } = await running();
    await client.revoke(tokenId, soon());
    const lost = { sessionId, tokenId: `tok_lost_${sessionId}` };
    await change(redis, lost, () => ({ token: aToken({ id: lost.tokenId, sessionId, state: 'unknown' }) }));
    await end(sessionId, tokenId, { formerTokenIds: [lost.tokenId] });
    await eventually(
      () => dueReceipts(redis),
      (due) => !due.includes(sessionId),
    );
    expect(await receipt(sessionId)).toMatchObject({
      final: false,
      tokenState: 'revoked',
      formerTokens: [{ fingerprint: null, state: 'unknown' }],
      signature: null,
    });
    await change(redis, lost, ({ token }) => (token === null ? null : { token: { ...token, state: 'expired' } }));
    const final = await signed(sessionId);
    expect(final).toMatchObject({ final: true, formerTokens: [{ state: 'expired' }] });
    expect(await holds(final)).toBe(true);
  });

  test('is not signed while another says of a former token that it was seen refused, or has taken its line', async () => {
    const { sessionId, tokenId } = await running();
    await client.revoke(tokenId, soon());
    const former = { sessionId, tokenId: `tok_former_${sessionId}` };
    await end(sessionId, tokenId, { formerTokenIds: [former.tokenId] });
    expect(await receipt(sessionId)).toMatchObject({ final: false, formerTokens: [{ state: null }] });
    await change(redis, former, () => ({
      token: aToken({ id: former.tokenId, sessionId, state: 'revoked', verifiedAt: now() }),
    }));
    await eventually(
      () => lines,
      (said) => said.some((line) => line.includes('not by this minter') && line.includes(sessionId)),
    );
    expect(await receipt(sessionId)).toMatchObject({ final: true, signature: null });
  });

  test('is not verified by another key under the id of the minter’s own, and that one comes back', async () => {
    const { sessionId, tokenId } = await running();
    await client.revoke(tokenId, soon());
    await end(sessionId, tokenId);
    const genuine = await signed(sessionId);
    const keyId = genuine.signature?.keyId ?? '';
    const { privateKey } = generateKeyPairSync('ed25519');
    const planted = { ...toReceiptKey(privateKey), kid: keyId };
    const { signature: _, ...claims } = { ...genuine, attempts: 7 };
    const value = sign(null, Buffer.from(canonicalJson(claims as Json)), privateKey).toString('base64url');
    const forged = { ...claims, signature: { algorithm: 'Ed25519', keyId, value } };
    expect(verifyReceipt(forged, [planted])).toBe('unknown_key');
    expect(verifyReceipt(forged, [{ ...planted, kid: toReceiptKey(privateKey).kid }])).toBe('unknown_key');

    await redis.hset(keys.receiptKeys, keyId, JSON.stringify(planted));
    const served = async () =>
      receiptKeySetSchema.parse((await rig.call('GET', '/.well-known/daypass-receipt-keys.json')).body).keys;
    expect((await served()).map(({ x }) => x)).not.toContain(planted.x);
    await eventually(served, (found) => found.some(({ kid }) => kid === keyId));
    expect(verifyReceipt(genuine, await served())).toBe('valid');
    expect(verifyReceipt(forged, await served())).toBe('forged');
  });

  test('goes with its session when that is forgotten', async () => {
    const { sessionId, tokenId } = await running();
    await client.revoke(tokenId, soon());
    await end(sessionId, tokenId);
    await signed(sessionId);
    expect((await rig.call('DELETE', `/v1/sessions/${sessionId}`)).status).toBe(204);
    expect(await redis.keys(`*${sessionId}*`)).toEqual([]);
    expect(await dueReceipts(redis)).not.toContain(sessionId);
  });
});
