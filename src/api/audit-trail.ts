import { auditId, type AuditAction, type AuditDetail, type AuditEntry, type AuditOutcome } from '../access/audit.ts';
import type { Caller } from '../access/caller.ts';
import { appendAudit, auditEffect } from '../store/audit.ts';
import type { Effect } from '../store/commit.ts';
import type { ApiDeps } from './deps.ts';

/** So many lines a minute tell of what one key, or one address, was refused or what changed nothing. */
const MAX_IDLE_LINES = 30;
/** And so many of all refused keys together: addresses are cheap. */
const MAX_NAMELESS_LINES = 300;

/** Where a call comes from. */
export interface Origin {
  address: string | null;
  requestId: string;
}

interface Subject {
  sessionId?: string | null;
  targetId?: string | null;
  detail?: AuditDetail;
}

/** The audit line of one call: written in one step with what the call changes, or when it is over. */
export interface AuditTrail {
  /** What the line will tell besides who and what; each call adds to it. */
  note(subject: Subject): void;
  /** The line that says `ok`, for the script that makes the change. */
  effect(): Effect;
  /** The script has run: the line is there. */
  written(): void;
  /** Writes the line that says that it was begun, for what takes many scripts; another says how it ended. */
  begin(): Promise<void>;
  /** Writes the line, unless it is there. */
  end(outcome: AuditOutcome): Promise<void>;
  /** The trail of something else that the same call does. */
  also(action: AuditAction, id: string): AuditTrail;
}

type AuditDeps = Pick<ApiDeps, 'redis' | 'rates' | 'keep'>;

export function createAuditTrail(
  deps: AuditDeps,
  { action, caller, origin, pathId }: { action: AuditAction; caller: Caller; origin: Origin; pathId: string | null },
): AuditTrail {
  const { redis, keep, rates } = deps;
  const id = auditId(pathId);
  let subject: Subject = id?.startsWith('ses_') ? { sessionId: id } : { targetId: id };
  let isWritten = false;
  const entry = (outcome: AuditOutcome): AuditEntry => ({
    ...entryOf({ action, outcome, caller, origin }),
    sessionId: subject.sessionId ?? null,
    targetId: subject.targetId ?? null,
    detail: subject.detail ?? {},
  });
  return {
    note: (more) => {
      subject = { ...subject, ...more, detail: { ...subject.detail, ...more.detail } };
    },
    effect: () => auditEffect(entry('ok'), keep.auditMs),
    written: () => {
      isWritten = true;
    },
    begin: () => appendAudit(redis, entry('begun'), keep.auditMs),
    end: async (outcome) => {
      if (isWritten) return;
      // Whoever is refused again and again is told of, but cannot fill the store with it.
      const isIdle = outcome !== 'ok' && outcome !== 'begun';
      if (isIdle && (await rates.count('failed-audit', caller.keyId, MAX_IDLE_LINES)).exceeded) return;
      await appendAudit(redis, entry(outcome), keep.auditMs);
      isWritten = true;
    },
    also: (other, otherId) => createAuditTrail(deps, { action: other, caller, origin, pathId: otherId }),
  };
}

/** Tells of somebody whose key was not taken. The key itself is nowhere in it. */
export async function auditRefusedKey(
  deps: AuditDeps,
  { origin, route, outcome }: { origin: Origin; route: string; outcome: AuditOutcome },
): Promise<void> {
  const { redis, rates, keep } = deps;
  if ((await rates.count('failed-audit', `from ${networkOf(origin.address)}`, MAX_IDLE_LINES)).exceeded) return;
  if ((await rates.count('failed-audit', 'nameless', MAX_NAMELESS_LINES)).exceeded) return;
  const entry = entryOf({ action: 'authenticate', outcome, caller: null, origin });
  await appendAudit(redis, { ...entry, detail: { route } }, keep.auditMs);
}

/** A line about nothing in particular, such as a login: add what it was about and hand it to `appendAudit`. */
export function entryOf(what: {
  action: AuditAction;
  outcome: AuditOutcome;
  caller: Pick<Caller, 'keyId' | 'name'> | null;
  origin: Origin;
}): AuditEntry {
  const { action, outcome, caller, origin } = what;
  return {
    time: new Date().toISOString(),
    action,
    outcome,
    keyId: caller?.keyId ?? null,
    keyName: caller?.name ?? null,
    address: origin.address,
    sessionId: null,
    targetId: null,
    requestId: origin.requestId,
    detail: {},
  };
}

/** Who is counted as one: an IPv4 address, or the /64 that a host with IPv6 has to itself. */
export function networkOf(address: string | null): string {
  if (address === null) return 'unknown';
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(':')) return address;
  const [head = '', tail = ''] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === '' ? [] : tail.split(':');
  const gap = address.includes('::') ? Math.max(0, 8 - before.length - after.length) : 0;
  return [...before, ...Array.from({ length: gap }, () => '0'), ...after].slice(0, 4).join(':');
}
