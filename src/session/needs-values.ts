import type { SessionRecord } from './record.ts';
import { isEnded } from './status.ts';

/** Whether no sandbox of a session is left, and none will come. */
export function isSandboxGone({ status, sandbox }: SessionRecord): boolean {
  return isEnded(status) && (sandbox === null || sandbox.removedAt !== null);
}

/**
 * Whether a token's value is still of use although the token is over: a sandbox that had it may go on printing it until
 * it is gone, and whoever collects its log must know what to mask. Pure.
 */
export function needsValues(session: SessionRecord | null, tokenId: string): boolean {
  return session !== null && session.tokenId === tokenId && !isSandboxGone(session);
}
