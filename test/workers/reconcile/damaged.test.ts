import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadWorkerConfig } from '../../../src/config.ts';
import { hasGateway, openGateway, openPlaces } from '../../../src/egress/policy-files.ts';
import { readLedger } from '../../../src/invariants/read/ledger.ts';
import { createDockerRuntime } from '../../../src/runtime/docker/docker-runtime.ts';
import { receiptOf } from '../../../src/session/receipt.ts';
import { readFormerTokens } from '../../../src/store/former-tokens.ts';
import { keys } from '../../../src/store/keys.ts';
import { countTokens } from '../../../src/store/listing.ts';
import { change, readSession, readToken, view } from '../../../src/store/records.ts';
import type { WorkerDeps } from '../../../workers/deps.ts';
import { reconcileSandboxes } from '../../../workers/reconcile/sandboxes.ts';
import { reconcileTokens } from '../../../workers/reconcile/tokens.ts';
import { createMender } from '../../../workers/reconcile/unreadable.ts';
import { putSession } from '../../support/api-rig.ts';
import { makeList } from '../../support/damage.ts';
import { useTestRedis } from '../../support/redis.ts';
import { startTestWarden, type TestWarden } from '../../support/warden.ts';

describe('the reconciler of a store that is damaged', () => {
  const own = useTestRedis();
  const log = pino({ level: 'silent' });
  let warden: TestWarden;
  beforeAll(async () => {
    warden = await startTestWarden();
    await openPlaces(warden.host.runDir);
  });
  afterAll(async () => warden?.[Symbol.asyncDispose]());
  beforeEach(async () => void (await own.redis.flushall()));

  /** What it needs of a worker; no minter is asked here. */
  const worker = (): WorkerDeps =>
    ({
      config: loadWorkerConfig({ DAYPASS_REDIS_URL: own.server.url, DAYPASS_RUN_DIR: warden.host.runDir }),
      log,
      redis: own.redis,
      runtime: createDockerRuntime({ warden: warden.api, installation: warden.installation, host: warden.host }),
      running: new Set<string>(),
    }) satisfies Partial<WorkerDeps> as unknown as WorkerDeps;

  const running = async () => {
    const { session, token } = await putSession(own.redis, { status: 'running' }, { state: 'active' });
    return { id: session.id, tokenId: token?.id ?? '' };
  };
  const receipt = async (id: string) => {
    const { session, token } = await view(own.redis, id);
    if (session === null) throw new Error('there is no session');
    return receiptOf({ session, token, formerTokens: await readFormerTokens(own.redis, session) });
  };

  it.each([
    ['is gone', (key: string) => own.redis.del(key)],
    ['is of another type', (key: string) => makeList(own.redis, key)],
  ])('ends a session whose token has a line that %s, and its lifetime ends the token', async (_what, damage) => {
    const { id, tokenId } = await running();
    const other = await running();
    await damage(keys.token(tokenId));
    await reconcileTokens(worker());
    expect(await readSession(own.redis, id)).toMatchObject({ status: 'failed', failure: { code: 'internal_error' } });
    expect(await receipt(id)).toMatchObject({ final: false, tokenState: 'unknown' });

    const expiresAt = '2026-01-01T00:00:00.000Z';
    await change(own.redis, { sessionId: id, tokenId }, ({ token }) => token && { token: { ...token, expiresAt } });
    await reconcileTokens(worker());
    expect(await receipt(id)).toMatchObject({ final: true, tokenState: 'expired' });
    expect(await own.redis.sismember(keys.receiptsDue, id)).toBe(1);
    expect(await countTokens(own.redis, 'active')).toBe(1);
    expect((await readToken(own.redis, other.tokenId))?.state).toBe('active');
  });

  it('mends what is over too, by what the indexes say', async () => {
    const over = { status: 'succeeded', endedAt: '2026-01-01T00:01:00.000Z' } as const;
    const { session, token } = await putSession(own.redis, over, { state: 'revoked' });
    const { session: typed } = await putSession(own.redis, over);
    await own.redis.del(keys.token(token?.id ?? ''));
    await makeList(own.redis, keys.session(typed.id));
    await createMender()({ redis: own.redis, log });
    expect(await readToken(own.redis, token?.id ?? '')).toMatchObject({ state: 'revoked' });
    expect(await readSession(own.redis, typed.id)).toMatchObject({ status: 'failed', keyId: typed.keyId });
    expect(await receipt(session.id)).toMatchObject({ final: true, tokenState: 'revoked' });
    expect((await readLedger(own.redis)).unreadable.size).toBe(0);
  });

  it('removes what no session names although a record is of another type', async () => {
    const { id } = await running();
    await makeList(own.redis, keys.session(id));
    const { runDir } = warden.host;
    await openGateway({ runDir, policy: { sandboxId: 'sbx_stray', sessionId: 'ses_gone', allow: [] } });
    expect(await hasGateway({ runDir, sandboxId: 'sbx_stray' })).toBe(true);
    await reconcileSandboxes(worker());
    expect(await hasGateway({ runDir, sandboxId: 'sbx_stray' })).toBe(false);
  });
});
