import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { createMinterCalls, type MinterCalls } from '../../token/minter/call.ts';
import { Secret } from '../../token/secret.ts';

/** A session's credential as the gateway has it: in memory, and only while the session's policy is there. */
export interface Credential {
  tokenId: string;
  value: Secret;
  /** By repo id. */
  cloneUrls: Record<string, string>;
}

const answer = z.object({
  tokenId: z.string(),
  value: z.string().transform((text) => new Secret(text)),
  cloneUrls: z.record(z.string(), z.string()),
});

const TIMEOUT_MS = 10_000;
/** A minter that restarts is back within this time. */
const PATIENCE_MS = 5_000;
const RETRY_MS = 250;

/** Asks the minter for the credential of a sandbox's session. Throws `SessionError` as the minter says. */
export type AskMinter = (whom: { sessionId: string; sandboxId: string }) => Promise<Credential>;

export function createAskMinter(socket: string): { ask: AskMinter; close(): void } {
  const calls: MinterCalls = createMinterCalls(socket);
  const once = (body: unknown): Promise<Credential> =>
    calls.call('/credential', answer, { body, signal: AbortSignal.timeout(TIMEOUT_MS) });
  return {
    async ask(whom) {
      const until = Date.now() + PATIENCE_MS;
      for (;;) {
        try {
          return await once(whom);
        } catch (error) {
          const away = error instanceof Error && 'code' in error && error.code === 'minter_unavailable';
          if (!away || Date.now() > until) throw error;
          await sleep(RETRY_MS);
        }
      }
    },
    close: () => calls.close(),
  };
}

/** The one credential of one sandbox. */
export interface CredentialKeeper {
  /** As it was given, or asked for now. */
  get(): Promise<Credential>;
  /** Another one than this, which the repo host has refused, or which is to be used no more; null: there is none. */
  renew(refused: Credential): Promise<Credential | null>;
  /** Forgets it: the next `get` asks again. Requests that have it go on with it. */
  forget(): void;
}

export function keepCredential(ask: () => Promise<Credential>): CredentialKeeper {
  let held: Promise<Credential> | null = null;
  const get = (): Promise<Credential> => {
    if (held !== null) return held;
    const asked = ask();
    held = asked;
    asked.catch(() => {
      if (held === asked) held = null;
    });
    return asked;
  };
  return {
    get,
    async renew(refused) {
      const now = await get();
      if (now.tokenId !== refused.tokenId) return now;
      held = null;
      const next = await get();
      return next.tokenId === refused.tokenId ? null : next;
    },
    forget() {
      held = null;
    },
  };
}
