import type { Secret } from '../token/secret.ts';
import type { ApiKeyRecord } from './api-key.ts';
import { fingerprintOf } from './key-value.ts';
import { NO_LIMITS, type KeyLimits } from './key-limits.ts';
import { allows, type Scope } from './scope.ts';

/** Who calls, by which key, and what that may do. */
export interface Caller {
  /** `key_…` of a stored key; `settings:NAME` of one of DAYPASS_API_KEYS. Owns the sessions that are started with it. */
  keyId: string;
  name: string;
  scopes: readonly Scope[];
  /** Ids of the repos that its sessions may have; null: any. */
  repos: readonly string[] | null;
  limits: KeyLimits;
  /** Changes with the key's value, so that a login can tell that it was made with another one. */
  fingerprint: string;
  /** Known to the caller and to nobody who reads the store: what bodies are hashed with. */
  secret: Secret;
  /** The login that it came by instead of the key itself. */
  login?: Secret;
}

const SETTINGS = 'settings:';

/** Whoever has a key of the settings is the operator, whom nothing bounds. */
export function callerOfSettings({ name, key }: { name: string; key: Secret }): Caller {
  return {
    keyId: `${SETTINGS}${name}`,
    name,
    scopes: ['operate'],
    repos: null,
    limits: NO_LIMITS,
    fingerprint: key.fingerprint(),
    secret: key,
  };
}

export function isOfSettings({ keyId }: Pick<Caller, 'keyId'>): boolean {
  return keyId.startsWith(SETTINGS);
}

export function callerOfKey({ id, name, scopes, repos, limits, hash }: ApiKeyRecord, secret: Secret): Caller {
  return { keyId: id, name, scopes, repos, limits, fingerprint: fingerprintOf(hash), secret };
}

/** Whose records a caller sees: everybody's (null), or those of one key. */
export function viewOf({ keyId, scopes }: Pick<Caller, 'keyId' | 'scopes'>): string | null {
  return allows(scopes, 'operate') ? null : keyId;
}

/** Whether a session is there for whoever asks. What another key has started is not. */
export function sees(caller: Pick<Caller, 'keyId' | 'scopes'>, session: { keyId: string }): boolean {
  const view = viewOf(caller);
  return view === null || view === session.keyId;
}
