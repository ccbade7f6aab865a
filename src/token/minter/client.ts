import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { FAILURE_CODES, SessionError } from '../../errors.ts';
import { Secret } from '../secret.ts';
import type { OpenPurpose } from './open-session.ts';
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
const revokeAnswer = z.object({ state: z.enum(TOKEN_STATES).nullable() });
const errorAnswer = z.object({ error: z.object({ code: z.enum(FAILURE_CODES), message: z.string() }) });

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
  close(): void;
}

export function createMinterClient(socketPath: string): MinterClient {
  const agent = new Agent({ keepAlive: true });

  const call = async <T>(path: string, body: unknown, answer: z.ZodType<T>, signal: AbortSignal): Promise<T> => {
    const { status, json } = await post({ socketPath, agent, path, signal }, body).catch((error: unknown) => {
      throw new SessionError('minter_unavailable', `The minter does not answer at ${socketPath}`, { cause: error });
    });
    if (status < 300) return answer.parse(json);
    const { code, message } = errorAnswer.parse(json).error;
    throw new SessionError(code, message);
  };

  return {
    mint: async (tokenId, signal) => void (await call('/mint', { tokenId }, z.unknown(), signal)),
    open: (sessionId, sandboxId, purpose, signal) =>
      call('/open', { sessionId, sandboxId, purpose }, grantAnswer, signal),
    revoke: async (tokenId, signal) => (await call('/revoke', { tokenId }, revokeAnswer, signal)).state,
    close: () => agent.destroy(),
  };
}

async function post(
  to: { socketPath: string; agent: Agent; path: string; signal: AbortSignal },
  body: unknown,
): Promise<{ status: number; json: unknown }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; json: unknown }>();
  const headers = { 'content-type': 'application/json' };
  const sent = request({ ...to, method: 'POST', headers }, (response) => {
    text(response)
      .then((content) => resolve({ status: response.statusCode ?? 500, json: JSON.parse(content) as unknown }))
      .catch(reject);
  });
  sent.on('error', reject);
  sent.end(JSON.stringify(body));
  return promise;
}
