import { randomBytes } from 'node:crypto';
import type { Caller } from '../../access/caller.ts';
import { Refusal } from '../../errors.ts';
import type { Effect } from '../../store/commit.ts';
import { forgetLogin, keepLogin, noteLoginUse, readLogin } from '../../store/logins.ts';
import type { Redis } from '../../store/redis.ts';
import { Secret } from '../../token/secret.ts';
import type { Authenticator } from '../auth.ts';

const VALUE_BYTES = 32;

export interface LoginTimes {
  /** A login ends after this, however much it is used. */
  longestMs: number;
  /** And after this without use. */
  idleMs: number;
}

/** Who has logged in with a key, and is known by a random value since. */
export interface Logins {
  /** With more to do in the same step, such as the line that tells of it. */
  begin(caller: Caller, effects: Effect[]): Promise<Secret>;
  /** Throws `unauthorized` when the login is over, or its key is: revoked, expired, or another one by now. */
  callerOf(login: Secret): Promise<Caller>;
  /** As `begin`. Safe to repeat. */
  end(login: Secret, effects: Effect[]): Promise<void>;
}

export function createLogins(redis: Redis, authenticator: Authenticator, { longestMs, idleMs }: LoginTimes): Logins {
  const keptMs = (endsAt: string, now: Date): number => Math.min(idleMs, Date.parse(endsAt) - now.getTime());
  return {
    async begin({ keyId, fingerprint }, effects) {
      const login = new Secret(randomBytes(VALUE_BYTES).toString('base64url'));
      const now = new Date();
      const endsAt = new Date(now.getTime() + longestMs).toISOString();
      await keepLogin(redis, login, { keyId, fingerprint, endsAt }, { keptMs: keptMs(endsAt, now), effects });
      return login;
    },
    async callerOf(login) {
      const now = new Date();
      const found = await readLogin(redis, login, now);
      if (found === null) throw new Refusal('unauthorized', 'The login is over. Log in again.');
      const caller = await authenticator.byLogin(found, login);
      await noteLoginUse(redis, login, keptMs(found.endsAt, now));
      return { ...caller, login };
    },
    end: (login, effects) => forgetLogin(redis, login, effects),
  };
}
