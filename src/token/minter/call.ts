import { Agent, request } from 'node:http';
import { z } from 'zod';
import { FAILURE_CODES, SessionError } from '../../errors.ts';
import { readBounded } from '../../json/read-bounded.ts';

/** The secrets of a session are the most that it says. */
const MAX_ANSWER_BYTES = 8 * 1024 ** 2;

/** What a minter of another version says may be worth another try: a code that is not known here, or `internal`, which was said of any failure. */
const code = z
  .enum(FAILURE_CODES)
  .catch('minter_unavailable')
  .transform((known) => (known === 'internal' ? 'minter_unavailable' : known));
const errorAnswer = z.object({ error: z.object({ code, message: z.string() }) });

/** Calls of the minter at its Unix socket. */
export interface MinterCalls {
  /** Throws `SessionError`: with the minter's own code, or `minter_unavailable` when it does not answer. A body is posted. */
  call<T>(path: string, answer: z.ZodType<T>, options: { body?: unknown; signal: AbortSignal }): Promise<T>;
  close(): void;
}

export function createMinterCalls(socketPath: string): MinterCalls {
  // A connection for each call: one that is kept may be closed by the minter at the moment at which the next call takes it.
  const agent = new Agent({ keepAlive: false });
  return {
    async call(path, answer, { body, signal }) {
      const { status, json } = await send({ socketPath, agent, path, signal }, body).catch((error: unknown) => {
        throw new SessionError('minter_unavailable', `The minter does not answer at ${socketPath}`, { cause: error });
      });
      if (status < 300) return answer.parse(json);
      const { error } = errorAnswer.parse(json);
      throw new SessionError(error.code, error.message);
    },
    close: () => agent.destroy(),
  };
}

async function send(
  to: { socketPath: string; agent: Agent; path: string; signal: AbortSignal },
  body: unknown,
): Promise<{ status: number; json: unknown }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; json: unknown }>();
  const headers = { 'content-type': 'application/json' };
  const sent = request({ ...to, method: body === undefined ? 'GET' : 'POST', headers }, (response) => {
    readBounded(response, MAX_ANSWER_BYTES, 'the answer of the minter')
      .then((content) => ({ status: response.statusCode ?? 500, json: JSON.parse(content.toString()) as unknown }))
      .then(resolve, reject);
  });
  sent.on('error', reject);
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}
