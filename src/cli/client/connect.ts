import type { z } from 'zod';
import type { Reading } from '../../api/schemas/reading.ts';
import { loadCliConfig } from '../../config.ts';
import type { Environment } from '../../settings.ts';
import { EXIT } from '../exit-codes.ts';
import { CommandFailure } from '../up/failure.ts';
import { createApiClient, type ApiClient } from '../up/installation/api-client.ts';
import { dataDirOf } from '../up/installation/settings.ts';
import { readStartFile } from '../up/installation/start-file.ts';
import { apiFailure } from './api-failure.ts';

/** The API as a command uses it. */
export interface Api {
  /** Without /v1. */
  url: string;
  /** One call, its answer as expected. What goes wrong is a `CommandFailure`, for people to read. */
  call<Schema extends z.ZodType>(
    method: string,
    path: string,
    answer: Schema,
    body?: unknown,
  ): Promise<Reading<z.output<Schema>>>;
  /** For who wants to look at what went wrong. */
  client: ApiClient;
}

/**
 * The API that the settings name, else the one that was started from this directory; the key of that one is sent to no other.
 * Throws when there is neither, or no key.
 */
export async function connectApi({ env, root }: { env: Environment; root: string }): Promise<Api> {
  const given = loadCliConfig(env);
  const started =
    given.apiUrl === undefined || given.apiKey === undefined ? await readStartFile(dataDirOf(env, root)) : null;
  const apiUrl = (given.apiUrl ?? started?.apiUrl)?.replace(/\/+$/, '');
  const apiKey = given.apiKey?.reveal() ?? (apiUrl === started?.apiUrl ? started?.apiKey : undefined);
  if (apiUrl === undefined) {
    throw new CommandFailure(
      'Nothing runs here. Set DAYPASS_API_URL and DAYPASS_API_KEY, or start it with: npm start',
      {
        exitCode: EXIT.unavailable,
      },
    );
  }
  if (apiKey === undefined) {
    throw new CommandFailure(
      `There is no API key for ${apiUrl}. Set DAYPASS_API_KEY; an operator makes one with: daypass api-keys create NAME`,
      { exitCode: EXIT.keyRefused },
    );
  }
  const client = createApiClient({ apiUrl, apiKey });
  return {
    url: apiUrl,
    client,
    async call(method, path, answer, body) {
      try {
        return await client.call(method, path, answer, body);
      } catch (error) {
        throw apiFailure(error, apiUrl);
      }
    },
  };
}
