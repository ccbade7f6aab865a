import { nanoid } from 'nanoid';
import type { Caller } from '../access/caller.ts';
import { narrow } from '../access/key-limits.ts';
import { requireAllowedRepos } from '../access/repos.ts';
import { describe, Refusal } from '../errors.ts';
import { failpoint } from '../ops/failpoints.ts';
import { newSession } from '../session/new-session.ts';
import type { SessionRecord } from '../session/record.ts';
import { normalise, requireEnforceablePush, requireExpressibleAccess, type StartRequest } from '../session/request.ts';
import { STDIN_SECRET, stdinBytes } from '../session/stdin.ts';
import { readMinterFacts, type MinterFacts } from '../store/minter-facts.ts';
import { change, readSession } from '../store/records.ts';
import { keepStdinEffect } from '../store/stdin.ts';
import { sealSecrets, sealWebhook } from '../token/request-secrets.ts';
import { newWebhook, type SessionWebhook } from '../webhook/message.ts';
import { shownUrl } from '../webhook/url.ts';
import type { AuditTrail } from './audit-trail.ts';
import type { ApiDeps } from './deps.ts';
import { claimKey, earlierSession, type IdempotencyClaim } from './idempotency.ts';
import { keyHolds } from './key-holds.ts';
import { openSessions, requireRoom } from './open-sessions.ts';
import { enqueue } from './queue-access.ts';
import { requireRate } from './rate-limits.ts';
import { requireHost } from './require-host.ts';

/** Lost to others that many times, a request is told to come again. */
const MAX_TRIES = 10;

interface WantedSession {
  body: StartRequest;
  caller: Caller;
  claim: IdempotencyClaim | null;
  audit: AuditTrail | null;
}

/**
 * Accepts a request, once per Idempotency-Key: record, `accepted` event and key are written in one step, then the job.
 * From that step on the session is accepted, come what may: a job that cannot be added now is added by a worker's
 * reconciler. Calling again with the same key finds the session and adds its job again, which is safe.
 */
export async function acceptSession(deps: ApiDeps, wanted: WantedSession): Promise<SessionRecord> {
  const session = (await findEarlier(deps, wanted.claim)) ?? (await create(deps, wanted));
  wanted.audit?.note({ sessionId: session.id });
  if (session.status === 'queued') {
    await failpoint('api.after_record');
    await enqueue(deps.queue, session.id, session.request.priority).catch((error: unknown) => {
      deps.log.warn({ sessionId: session.id, reason: describe(error) }, 'job not added; the reconciler will add it');
    });
    await failpoint('api.after_job');
  }
  return session;
}

async function create(deps: ApiDeps, { body, caller, claim, audit }: WantedSession): Promise<SessionRecord> {
  const { redis, keep } = deps;
  const { keyId, limits } = caller;
  const request = normalise(body, narrow(deps.limits, limits));
  audit?.note({
    detail: { repoIds: request.repos.map(({ id }) => id), metadataKeys: Object.keys(request.metadata) },
  });
  requireAllowedRepos(request, caller);
  requireEnforceablePush(request);
  await requireHost(redis, body.resources);
  const minter = await readMinterFacts(redis);
  if (minter === null)
    throw new Refusal('unavailable', 'The minter has not started yet, so no session can get a token.');
  requireExpressibleAccess(request, minter);
  if (limits.startsPerMinute !== null)
    requireRate(await deps.rates.count('starts', keyId, limits.startsPerMinute), 'starts of this API key');
  const id = `ses_${nanoid()}`;
  const stdin = body.stdin && { bytes: stdinBytes(body.stdin), secret: body.stdin.secret };
  const secrets = { ...body.secrets, ...(stdin?.secret && { [STDIN_SECRET]: stdin.bytes.toString() }) };
  const sealedSecrets =
    Object.keys(secrets).length === 0 ? null : await sealSecrets(minter.publicKey, minter.keyId, id, secrets);
  const webhook = await sealedWebhook(id, body, minter);
  const session = newSession({
    id,
    request,
    sealedSecrets,
    stdin: stdin && { bytes: stdin.bytes.length, secret: stdin.secret },
    webhook,
    keyId,
    now: new Date(),
  });
  audit?.note({ sessionId: id });
  await failpoint('api.before_record');
  const claimed = claim === null ? { expect: [], effects: [] } : claimKey(claim, id, keep.idempotencyMs);
  const effects = [
    ...claimed.effects,
    ...(stdin && !stdin.secret ? [keepStdinEffect(id, stdin.bytes)] : []),
    ...(audit === null ? [] : [audit.effect()]),
  ];
  const bounds = limits.sessions === null ? [] : [openSessions(keyId, limits.sessions)];
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const expect = [...claimed.expect, ...(await keyHolds(redis, caller))];
    // Nobody else knows this id, so a second look means that the key was taken, that there are too many
    // sessions, or that the API key has changed.
    let looked = false;
    const after = await change(redis, { sessionId: id }, () => {
      if (looked) return null;
      looked = true;
      return { session, events: [{ type: 'accepted' }], expect, effects, bounds };
    });
    if (after.session !== null) {
      audit?.written();
      return after.session;
    }
    const winner = await findEarlier(deps, claim);
    if (winner !== null) return winner;
    if (limits.sessions !== null) await requireRoom(redis, keyId, limits.sessions);
  }
  throw new Refusal('unavailable', 'Too many requests want the same at once; try again.');
}

async function sealedWebhook(
  id: string,
  { webhook }: StartRequest,
  { publicKey, keyId }: MinterFacts,
): Promise<SessionWebhook | undefined> {
  if (webhook === undefined) return undefined;
  return newWebhook({ shownUrl: shownUrl(webhook.url), sealed: await sealWebhook(publicKey, keyId, id, webhook) });
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
