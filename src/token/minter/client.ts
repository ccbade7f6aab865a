import { z } from 'zod';
import { Secret } from '../secret.ts';
import { createMinterCalls } from './call.ts';
import type { OpenPurpose } from './open-session.ts';
import type { WebhookType } from '../../webhook/message.ts';
import { TOKEN_STATES, type TokenState } from '../state.ts';

const secretText = z.string().transform((value) => new Secret(value));
const grantAnswer = z.object({
  access: z.object({
    env: z.record(z.string(), z.string()),
    secretEnv: z.record(z.string(), secretText),
    repoOrigin: z.string(),
    cloneUrls: z.record(z.string(), z.string()),
  }),
  secrets: z.record(z.string(), secretText),
});
const signAnswer = z.object({
  url: z.string(),
  headers: z.object({
    'webhook-id': z.string(),
    'webhook-timestamp': z.string(),
    'webhook-signature': z.string(),
  }),
});
const revokeAnswer = z.object({ state: z.enum(TOKEN_STATES).nullable() });

/** Where a message goes, and the headers that prove who sends it. */
export type SignedMessage = z.infer<typeof signAnswer>;

/** What one sandbox is given: how to reach its repos, and the request's secrets. */
export type SandboxGrant = z.infer<typeof grantAnswer>;

/**
 * The minter as workers see it. Every call throws `SessionError`: with the minter's own code, or `minter_unavailable`
 * when it does not answer. All of them are safe to repeat.
 */
export interface MinterClient {
  /** The ledger's intent becomes a token; its value stays with the minter. */
  mint(tokenId: string, signal: AbortSignal): Promise<void>;
  /** Only for the sandbox that holds the session's claim; to `mask` its log also when the token is over, until it is removed. */
  open(sessionId: string, sandboxId: string, purpose: OpenPurpose, signal: AbortSignal): Promise<SandboxGrant>;
  /** `revoked` when the token was seen to be refused, `revoking` when that takes longer; null: no such token. */
  revoke(tokenId: string, signal: AbortSignal): Promise<TokenState | null>;
  /** Signs a message that is in the session's outbox and has its body. */
  sign(sessionId: string, type: WebhookType, signal: AbortSignal): Promise<SignedMessage>;
  close(): void;
}

export function createMinterClient(socketPath: string): MinterClient {
  const calls = createMinterCalls(socketPath);
  return {
    mint: async (tokenId, signal) => void (await calls.call('/mint', z.unknown(), { body: { tokenId }, signal })),
    open: (sessionId, sandboxId, purpose, signal) =>
      calls.call('/open', grantAnswer, { body: { sessionId, sandboxId, purpose }, signal }),
    revoke: async (tokenId, signal) => (await calls.call('/revoke', revokeAnswer, { body: { tokenId }, signal })).state,
    sign: (sessionId, type, signal) => calls.call('/sign', signAnswer, { body: { sessionId, type }, signal }),
    close: () => calls.close(),
  };
}
