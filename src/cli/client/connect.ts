import type { z } from 'zod';
import { loadCliConfig } from '../../config.ts';
import { describe } from '../../errors.ts';
import type { Environment } from '../../settings.ts';
import { CommandFailure } from '../up/failure.ts';
import { createApiClient } from '../up/installation/api-client.ts';
import { dataDirOf } from '../up/installation/settings.ts';
import { readStartFile } from '../up/installation/start-file.ts';

/** The API as a command uses it: what goes wrong is a `CommandFailure`, for people to read. */
export interface Api {
  /** One call, its answer as expected. */
  call<T>(method: string, path: string, answer: z.ZodType<T>, body?: unknown): Promise<T>;
}

/** The API that the settings name, else the one that was started from this directory. Throws when there is neither. */
export async function connectApi({ env, root }: { env: Environment; root: string }): Promise<Api> {
  const given = loadCliConfig(env);
  const started =
    given.apiUrl === undefined || given.apiKey === undefined ? await readStartFile(dataDirOf(env, root)) : null;
  const apiUrl = given.apiUrl ?? started?.apiUrl;
  const apiKey = given.apiKey?.reveal() ?? started?.apiKey;
  if (apiUrl === undefined || apiKey === undefined) {
    throw new CommandFailure('Nothing runs here. Set DAYPASS_API_URL and DAYPASS_API_KEY, or start it with: npm start');
  }
  const client = createApiClient({ apiUrl: apiUrl.replace(/\/+$/, ''), apiKey });
  return {
    async call(method, path, answer, body) {
      try {
        return await client.call(method, path, answer, body);
      } catch (error) {
        const noAnswer = error instanceof TypeError || (error instanceof Error && error.name === 'TimeoutError');
        throw new CommandFailure(noAnswer ? `The API at ${apiUrl} does not answer.` : describe(error), {
          cause: error,
        });
      }
    },
  };
}
