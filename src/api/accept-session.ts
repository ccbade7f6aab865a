import { nanoid } from 'nanoid';
import { describe, Refusal } from '../errors.ts';
import { failpoint } from '../ops/failpoints.ts';
import { newSession } from '../session/new-session.ts';
import type { SessionRecord } from '../session/record.ts';
import { normalise, requireEnforceablePush, requireExpressibleAccess, type StartRequest } from '../session/request.ts';
import { readMinterFacts } from '../store/minter-facts.ts';
import { change, readSession } from '../store/records.ts';
import { sealSecrets } from '../token/request-secrets.ts';
import type { ApiDeps } from './deps.ts';
import { claimKey, earlierSession, type IdempotencyClaim } from './idempotency.ts';
import { enqueue } from './queue-access.ts';

/**
 * Accepts a request, once per Idempotency-Key: record, `accepted` event and key are written in one step, then the job.
 * From that step on the session is accepted, come what may: a job that cannot be added now is added by a worker's
 * reconciler. Calling again with the same key finds the session and adds its job again, which is safe.
 */
export async function acceptSession(
  deps: ApiDeps,
  wanted: { body: StartRequest; owner: string; claim: IdempotencyClaim | null },
): Promise<SessionRecord> {
  const session = (await findEarlier(deps, wanted.claim)) ?? (await create(deps, wanted));
  if (session.status === 'queued') {
    await failpoint('api.after_record');
    await enqueue(deps.queue, session.id, session.request.priority).catch((error: unknown) => {
      deps.log.warn({ sessionId: session.id, reason: describe(error) }, 'job not added; the reconciler will add it');
    });
    await failpoint('api.after_job');
  }
  return session;
}

async function create(
  deps: ApiDeps,
  { body, owner, claim }: { body: StartRequest; owner: string; claim: IdempotencyClaim | null },
): Promise<SessionRecord> {
  const { redis, limits, keep } = deps;
  const request = normalise(body, limits);
  requireEnforceablePush(request);
  const minter = await readMinterFacts(redis);
  if (minter === null)
    throw new Refusal('unavailable', 'The minter has not started yet, so no session can get a token.');
  requireExpressibleAccess(request, minter);
  const id = `ses_${nanoid()}`;
  const sealedSecrets =
    Object.keys(body.secrets).length === 0 ? null : await sealSecrets(minter.publicKey, minter.keyId, id, body.secrets);
  const session = newSession({ id, request, sealedSecrets, owner, now: new Date() });
  await failpoint('api.before_record');
  // Nobody else knows this id, so a second look means that another request took the key.
  let looked = false;
  const after = await change(redis, { sessionId: id }, () => {
    if (looked) return null;
    looked = true;
    return { session, events: [{ type: 'accepted' }], ...(claim && claimKey(claim, id, keep.idempotencyMs)) };
  });
  if (after.session !== null) return after.session;
  const winner = await findEarlier(deps, claim);
  if (winner === null)
    throw new Refusal('unavailable', 'The Idempotency-Key changed while it was looked at; try again.');
  return winner;
}

async function findEarlier({ redis }: ApiDeps, claim: IdempotencyClaim | null): Promise<SessionRecord | null> {
  const sessionId = claim === null ? null : await earlierSession(redis, claim);
  if (sessionId === null) return null;
  const session = await readSession(redis, sessionId);
  if (session !== null) return session;
  throw new Refusal(
    'idempotency_conflict',
    `This Idempotency-Key started session ${sessionId}, which was deleted since. Use a new key for a new session.`,
  );
}
