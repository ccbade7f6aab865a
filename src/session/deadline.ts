import type { SessionRecord } from './record.ts';

/** How long an agent has between SIGTERM and SIGKILL when its session's time is over. Its token lives as long. */
export const DEADLINE_GRACE_SECONDS = 10;

/**
 * When a session past its deadline has had its grace, in ms since 1970: from then on it is final, and a token of it is
 * illegal. null before it has a deadline. A stop can end it earlier. Pure.
 */
export function graceEndMs({ deadlineAt }: Pick<SessionRecord, 'deadlineAt'>): number | null {
  return deadlineAt === null ? null : Date.parse(deadlineAt) + DEADLINE_GRACE_SECONDS * 1_000;
}
