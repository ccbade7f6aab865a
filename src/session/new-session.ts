import type { SessionWebhook } from '../webhook/message.ts';
import type { StdinFacts } from './stdin.ts';
import type { SessionRecord, SessionRequest } from './record.ts';

/** The record of a session that was just accepted. */
export function newSession(facts: {
  id: string;
  request: SessionRequest;
  sealedSecrets: string | null;
  stdin?: StdinFacts | undefined;
  webhook?: SessionWebhook | undefined;
  keyId: string;
  now: Date;
}): SessionRecord {
  return {
    id: facts.id,
    status: 'queued',
    request: facts.request,
    sealedSecrets: facts.sealedSecrets,
    ...(facts.stdin && { stdin: facts.stdin }),
    ...(facts.webhook && { webhook: facts.webhook }),
    keyId: facts.keyId,
    createdAt: facts.now.toISOString(),
    startedAt: null,
    runningAt: null,
    endedAt: null,
    deadlineAt: null,
    exitCode: null,
    failure: null,
    stop: null,
    tokenId: null,
    sandbox: null,
    worker: null,
    handedOverAt: null,
    term: 0,
    heads: [],
    timings: {},
  };
}
