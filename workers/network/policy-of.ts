import type { NewPolicy } from '../../src/egress/policy.ts';
import type { SessionRecord } from '../../src/session/record.ts';

/** What the gateway is told of a session's sandbox. `allow` may be newer than the record. */
export function policyOf({ id: sessionId }: SessionRecord, sandboxId: string, allow: string[]): NewPolicy {
  return { sandboxId, sessionId, allow };
}
