import type { KeyLimits } from './key-limits.ts';
import type { Scope } from './scope.ts';

/** An API key as the store keeps it: never its value. Times are ISO 8601 UTC. */
export interface ApiKeyRecord {
  /** `key_…` */
  id: string;
  /** For people; several keys may have the same. */
  name: string;
  /** Of its value, as `hashOfKey` gives it. */
  hash: string;
  scopes: Scope[];
  /** Ids of the repos that its sessions may have; null: any. */
  repos: string[] | null;
  limits: KeyLimits;
  createdAt: string;
  /** Id of the key that made it. */
  createdBy: string;
  expiresAt: string | null;
  revokedAt: string | null;
}

/** Why a key is not taken any more; null while it is. For people. */
export function whyOver({ revokedAt, expiresAt }: ApiKeyRecord, now: Date): string | null {
  if (revokedAt !== null) return `This API key was revoked at ${revokedAt}.`;
  if (expiresAt !== null && Date.parse(expiresAt) <= now.getTime()) return `This API key expired at ${expiresAt}.`;
  return null;
}
