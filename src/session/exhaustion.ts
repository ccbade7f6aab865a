import { SessionError } from '../errors.ts';
import type { NewEvent } from './event.ts';
import type { SessionRecord, SessionResources } from './record.ts';
import { smallDisksOf } from './small-disks.ts';

/** One of a sandbox's limits was reached: what init says of it, counted from the sandbox's beginning. */
export type UsedUp =
  /** The kernel killed a process for want of memory. */
  | { resource: 'memory'; count: number }
  /** The kernel refused to start another process or thread. */
  | { resource: 'pids'; count: number }
  /** Nothing was left of what can be written. */
  | { resource: 'disk'; where: string; of: 'bytes' | 'inodes'; count: number };

/** Of a report `H`; see `init-protocol.ts`. Throws `sandbox_failed` when it is none. */
export function parseUsedUp([resource = '', where = '', of = '', counted = '']: string[]): UsedUp {
  const count = Number(counted);
  if (resource === 'memory' || resource === 'pids') return { resource, count };
  if (resource === 'disk' && (of === 'bytes' || of === 'inodes')) return { resource, where, of, count };
  throw new SessionError('sandbox_failed', 'Init speaks of a limit that there is none of', {
    said: `${resource} ${of}`,
  });
}

/** The same for whatever is the same limit. */
export function exhaustionKey(usedUp: UsedUp): string {
  return usedUp.resource === 'disk' ? `disk ${usedUp.where}` : usedUp.resource;
}

/**
 * The session with this in its record, and the event that tells of it; null when it is told already, as by a worker before.
 * Pure.
 */
export function withExhaustion(
  session: SessionRecord,
  usedUp: UsedUp,
): { session: SessionRecord; events: NewEvent[] } | null {
  const key = exhaustionKey(usedUp);
  if ((session.exhausted?.[key] ?? 0) >= usedUp.count) return null;
  return {
    session: { ...session, exhausted: { ...session.exhausted, [key]: usedUp.count } },
    events: [{ type: 'resource_exhausted', detail: { ...usedUp, ...limitOf(usedUp, session.request.resources) } }],
  };
}

function limitOf(usedUp: UsedUp, resources: SessionResources): Record<string, number> {
  const { memoryMb, pids, diskMb } = resources;
  switch (usedUp.resource) {
    case 'memory':
      return { limitMb: memoryMb };
    case 'pids':
      return { limit: pids };
    case 'disk': {
      const small = Object.entries(smallDisksOf(resources)).find(([path]) => path === usedUp.where);
      return { limitMb: small?.[1] ?? diskMb };
    }
  }
}
