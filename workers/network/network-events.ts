import type { DecisionLine, NetworkDecision } from '../../src/egress/decisions/decision.ts';
import type { NewEvent } from '../../src/session/event.ts';
import type { Mask } from '../../src/token/masks.ts';

/** One target, one verdict, one reason. */
interface Group extends Pick<NetworkDecision, 'host' | 'port' | 'verdict' | 'reason'> {
  count: number;
  firstAtMs: number;
  lastAtMs: number;
}

/**
 * The events that tell of these decisions: one for each target and verdict, with how many times, in the order in which they
 * came first. When those are more than `most`, the rest is one event that says how many decisions it stands for. Names of
 * hosts, and reasons that quote them, are the sandbox's own words: they are masked here, where they enter. Pure.
 */
export function networkEvents(lines: DecisionLine[], most: number, mask: Mask): NewEvent[] {
  const groups = new Map<string, Group>();
  let omitted = 0;
  let isUncertain = false;
  for (const line of lines) {
    if ('omitted' in line) {
      omitted += line.omitted ?? 0;
      isUncertain ||= line.omitted === null;
      continue;
    }
    const { atMs, ...what } = line;
    const key = JSON.stringify(what);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { ...what, count: 1, firstAtMs: atMs, lastAtMs: atMs });
    else {
      known.count += 1;
      known.lastAtMs = atMs;
    }
  }
  const all = [...groups.values()];
  const events = all.slice(0, most).map((group) => networkEvent(group, mask));
  const suppressed = all.slice(most).reduce((sum, { count }) => sum + count, omitted);
  if (suppressed === 0 && !isUncertain) return events;
  return [...events, { type: 'network', detail: { suppressed, atLeast: isUncertain && omitted === 0 } }];
}

function networkEvent({ host, reason, firstAtMs, lastAtMs, ...group }: Group, mask: Mask): NewEvent {
  return {
    type: 'network',
    detail: {
      host: host && mask(host),
      port: group.port,
      verdict: group.verdict,
      reason: reason && mask(reason),
      count: group.count,
      firstAt: new Date(firstAtMs).toISOString(),
      lastAt: new Date(lastAtMs).toISOString(),
    },
  };
}
