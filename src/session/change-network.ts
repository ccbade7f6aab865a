import { Refusal } from '../errors.ts';
import type { Decision, SessionFacts } from './decision.ts';
import { isEnded } from './status.ts';

/**
 * What giving a session another allow list changes: its request, which whoever runs it reads again; nothing when it says
 * the same. One that is being stopped may still be narrowed. Throws `session_ended` when it has ended.
 */
export function decideNetwork({ session }: SessionFacts, allow: string[]): Decision | null {
  if (isEnded(session.status))
    throw new Refusal('session_ended', `Session ${session.id} has ended: ${session.status}.`);
  const before = session.request.network.allow;
  const added = allow.filter((rule) => !before.includes(rule));
  const removed = before.filter((rule) => !allow.includes(rule));
  if (added.length === 0 && removed.length === 0) return null;
  return {
    session: { ...session, request: { ...session.request, network: { allow } } },
    events: [{ type: 'network_changed', detail: { allow, added, removed } }],
  };
}
