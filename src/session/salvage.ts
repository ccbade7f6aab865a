import { parseStored } from '../json/parse-stored.ts';
import type { SessionFailure, SessionRecord } from './record.ts';
import { sessionShape } from './record-shape.ts';
import { isEnded } from './status.ts';

/** What is known of a session without its record: by the indexes that list it and the ledger of tokens. */
export interface KnownBesides {
  id: string;
  createdAt: string;
  keyId: string;
  /** Ids of its tokens, the newest last. */
  tokenIds: string[];
}

/**
 * A readable record of a session out of one that is not: every field that can be read is kept, every other is what is
 * known without it, or nothing. It has ended: as it had, where that can be read, else now, with this failure. A sandbox
 * that cannot be read is named by its container's labels alone. Pure.
 */
export function salvage(
  text: string,
  { known, failure, now }: { known: KnownBesides; failure: SessionFailure; now: Date },
): { session: SessionRecord; hadEnded: boolean } {
  const read = fieldsIn(text);
  const fallback = nothingKnown(known, failure);
  const fields = Object.entries(sessionShape.shape).flatMap(([name, shape]) => {
    const isSound = shape.safeParse(read[name]).success;
    const value = isSound ? read[name] : (fallback as unknown as Record<string, unknown>)[name];
    return value === undefined ? [] : [[name, value]];
  });
  const kept = { ...(Object.fromEntries(fields) as unknown as SessionRecord), id: known.id };
  if (isEnded(kept.status) && kept.endedAt !== null) {
    // What stands for a failure that could not be read is none where the rest says how the session ended.
    const isTold = kept.status !== 'failed' || kept.exitCode !== null;
    return { session: kept.failure === failure && isTold ? { ...kept, failure: null } : kept, hadEnded: true };
  }
  const session: SessionRecord = {
    ...kept,
    status: 'failed',
    failure,
    endedAt: now.toISOString(),
    sealedSecrets: null,
  };
  return { session, hadEnded: false };
}

function fieldsIn(text: string): Record<string, unknown> {
  try {
    return { ...(parseStored(text) as Record<string, unknown>) };
  } catch {
    return {};
  }
}

function nothingKnown({ id, createdAt, keyId, tokenIds }: KnownBesides, failure: SessionFailure): SessionRecord {
  return {
    id,
    status: 'starting',
    request: {
      repos: [],
      command: null,
      image: '',
      env: {},
      timeoutSeconds: 0,
      maxTimeoutSeconds: 0,
      resources: { cpus: 0, memoryMb: 0, pids: 0, diskMb: 0 },
      network: { allow: [] },
      credentials: { delivery: 'env' },
      priority: 0,
      metadata: {},
    },
    sealedSecrets: null,
    keyId,
    createdAt,
    startedAt: null,
    runningAt: null,
    endedAt: null,
    deadlineAt: null,
    exitCode: null,
    failure,
    stop: null,
    tokenId: tokenIds.at(-1) ?? null,
    formerTokenIds: tokenIds.slice(0, -1),
    sandbox: null,
    worker: null,
    handedOverAt: null,
    term: 0,
    heads: [],
    timings: {},
  };
}
