import { createHmac, timingSafeEqual } from 'node:crypto';
import { whyOver } from '../access/api-key.ts';
import { callerOfKey, callerOfSettings, type Caller } from '../access/caller.ts';
import { hashOfKey } from '../access/key-value.ts';
import { Refusal } from '../errors.ts';
import { findApiKey, readApiKey } from '../store/api-keys.ts';
import type { Redis } from '../store/redis.ts';
import { Secret } from '../token/secret.ts';
import type { SettingsKey } from './deps.ts';
import { createKeyUse } from './key-use.ts';

/** What somebody who logged in with a key is remembered by, instead of the key. */
export interface Login {
  keyId: string;
  /** Of the key it was made with: a login does not survive another key of the same name. */
  fingerprint: string;
}

/**
 * Who has a key. Every method asks the store anew, so that a key that was revoked or has expired is refused at once and
 * in every process. Keys of the settings are known without the store.
 *
 * All throw `unauthorized`, and what Redis throws when it is away.
 */
export interface Authenticator {
  /** `Authorization: Bearer KEY`. */
  byHeader(authorization: string | undefined): Promise<Caller>;
  /** The key itself, as a login form sends it. */
  byKey(value: string): Promise<Caller>;
  /** A login whose key may be over by now. `secret` is what the caller alone has of it, such as its cookie. */
  byLogin(login: Login, secret: Secret): Promise<Caller>;
}

/** Keys of the settings are compared by hash and all of them each time, so that the time taken says nothing of any. */
export function createAuthenticator(redis: Redis, settingsKeys: readonly SettingsKey[]): Authenticator {
  const known = settingsKeys.map((key) => ({ caller: callerOfSettings(key), hash: hashBytes(key.key.reveal()) }));

  const noteUse = createKeyUse(redis);

  const byKey = async (value: string): Promise<Caller> => {
    const hash = hashBytes(value);
    const [ofSettings] = known.filter((entry) => timingSafeEqual(entry.hash, hash));
    if (ofSettings !== undefined) return ofSettings.caller;
    const found = await findApiKey(redis, hash.toString('hex'));
    if (found === null) throw new Refusal('unauthorized', 'This API key is not known here.');
    const caller = requireValid(callerOfKey(found, new Secret(value)), whyOver(found, new Date()));
    noteUse(found.id);
    return caller;
  };

  return {
    byKey,
    byHeader: async (authorization) => {
      const value = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
      if (value !== undefined) return byKey(value);
      throw new Refusal('unauthorized', 'An API key is needed: send "Authorization: Bearer dp_…".');
    },
    byLogin: async ({ keyId, fingerprint }, secret) => {
      const ofSettings = known.find(({ caller }) => caller.keyId === keyId)?.caller;
      const found = ofSettings === undefined ? await readApiKey(redis, keyId) : null;
      const caller = found === null ? ofSettings : callerOfKey(found, secret);
      if (caller === undefined || caller.fingerprint !== fingerprint) {
        throw new Refusal('unauthorized', 'The API key of this login is not known here any more.');
      }
      return requireValid({ ...caller, secret }, found === null ? null : whyOver(found, new Date()));
    },
  };
}

function requireValid(caller: Caller, reason: string | null): Caller {
  if (reason !== null) throw new Refusal('unauthorized', reason);
  return caller;
}

function hashBytes(value: string): Buffer {
  return Buffer.from(hashOfKey(value), 'hex');
}

/**
 * What tells one request body from another without storing it. Keyed, because a plain hash of a body with a short secret
 * in it could be guessed by whoever reads the store.
 */
export function bodyHash(caller: Caller, body: unknown): string {
  return createHmac('sha256', caller.secret.reveal()).update(canonical(body)).digest('hex');
}

/** JSON with the fields of every object in one order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
