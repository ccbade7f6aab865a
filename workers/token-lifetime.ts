import type { SessionRequest } from '../src/session/record.ts';
import type { WorkerConfig } from '../src/config.ts';

/**
 * How long a session's token is to live. In its sandbox it cannot be replaced, so it lasts for the longest time that the
 * session may go on; with the gateway it is short-lived, and renewed. Pure.
 */
export function tokenLifetimeSeconds(
  { credentials, maxTimeoutSeconds }: SessionRequest,
  { tokenGraceSeconds, tokenTtlSeconds }: Pick<WorkerConfig, 'tokenGraceSeconds' | 'tokenTtlSeconds'>,
): number {
  const longest = maxTimeoutSeconds + tokenGraceSeconds;
  return credentials.delivery === 'gateway' ? Math.min(longest, tokenTtlSeconds) : longest;
}
