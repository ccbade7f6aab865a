import { expect, test } from 'vitest';
import { SessionError } from '../../src/errors.ts';
import { change } from '../../src/store/records.ts';
import { createMasks } from '../../src/token/masks.ts';
import type { WorkerDeps } from '../../workers/deps.ts';
import { mintToken } from '../../workers/steps/mint-token.ts';
import { putSession } from '../support/api-rig.ts';
import { useTestRedis } from '../support/redis.ts';

const own = useTestRedis();

/** A worker whose minter does, and answers, so. */
const workerOf = (mint: (tokenId: string) => Promise<void>): WorkerDeps =>
  ({
    redis: own.redis,
    config: { tokenGraceSeconds: 60 },
    minter: { mint },
    masks: createMasks(),
  }) as unknown as WorkerDeps;

test('a minter that cannot store the token is asked once, and its reason is the session’s', async () => {
  const { session } = await putSession(own.redis, { status: 'starting', term: 1 }, { state: 'intended' });
  let calls = 0;
  const worker = workerOf(async (tokenId) => {
    calls++;
    await change(own.redis, { sessionId: session.id, tokenId }, ({ token }) =>
      token === null ? null : { token: { ...token, state: 'revoking' } },
    );
    throw new SessionError('minter_unavailable', 'The minter cannot store a token safely');
  });
  await expect(mintToken(worker, session)).rejects.toThrow('cannot store a token safely');
  expect(calls).toBe(1);
});

test('a minter that was away is asked again, and what it lost is named by the session with its new token', async () => {
  const { session, token } = await putSession(own.redis, { status: 'starting', term: 1 }, { state: 'intended' });
  const asked: string[] = [];
  const worker = workerOf(async (tokenId) => {
    asked.push(tokenId);
    if (asked.length === 1) throw new SessionError('minter_unavailable', 'The minter does not answer');
    if (asked.length > 2) return;
    await change(own.redis, { sessionId: session.id, tokenId }, ({ token: line }) =>
      line === null ? null : { token: { ...line, state: 'unknown' } },
    );
    throw new SessionError('provider_unavailable', 'lost');
  });
  const current = await mintToken(worker, session);
  expect(asked).toEqual([token?.id, token?.id, current.tokenId]);
  expect(current.formerTokenIds).toEqual([token?.id]);
});
