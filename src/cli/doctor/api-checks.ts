import { z } from 'zod';
import { listOf } from '../../api/schemas/common.ts';
import { statsSchema, workerSchema } from '../../api/schemas/operations.ts';
import { describe } from '../../errors.ts';
import type { Secret } from '../../token/secret.ts';
import { isNoAnswer } from '../client/api-failure.ts';
import { createApiClient, type ApiClient } from '../up/installation/api-client.ts';
import { NotSeen, type Check } from './check.ts';

/** Where the API is, without /v1, and a key that it should take. */
export interface ApiPlace {
  url: string;
  key: Secret;
}

/** What the API says of itself and of all others. */
export function apiChecks({ url, key }: ApiPlace): Check[] {
  const client = createApiClient({ apiUrl: url, apiKey: key.reveal() });
  return [
    {
      name: 'API',
      look: async () => {
        await asked(url, client.call('GET', '/readyz', z.object({ status: z.literal('ready') })));
        await asked(url, client.call('GET', '/v1/stats', statsSchema));
        return `${url} is ready and takes the key`;
      },
      mend: 'See that it runs and that Redis answers it. Set DAYPASS_API_URL (without /v1) and DAYPASS_API_KEY; an operator makes a key with: daypass api-keys create NAME',
    },
    {
      name: 'workers',
      look: async () => workersIn(await told(client.call('GET', '/v1/workers', listOf(workerSchema)))),
      mend: 'Start a worker with the same DAYPASS_REDIS_URL as the API; its log says why it ended.',
    },
  ];
}

/** The debt as the API sees it, for who has no ledger to look at. */
export function debtCheck({ url, key }: ApiPlace): Check {
  const client: ApiClient = createApiClient({ apiUrl: url, apiKey: key.reveal() });
  return {
    name: 'deletions',
    look: async () => {
      const { revocationDebt } = await told(client.call('GET', '/v1/stats', statsSchema));
      const { count, oldestSeconds, alarm } = revocationDebt;
      if (alarm) throw new Error(`${count} tokens are due, the oldest for ${Math.round(oldestSeconds ?? 0)} s`);
      return `${count} under way`;
    },
    mend: 'See what the repo host and the log of the minter say; the minter goes on trying by itself.',
  };
}

/** Sessions past their deadline as the API sees them, for who has no records to look at. */
export function overdueCheck({ url, key }: ApiPlace): Check {
  const client: ApiClient = createApiClient({ apiUrl: url, apiKey: key.reveal() });
  return {
    name: 'deadlines',
    look: async () => {
      const { overdueSessions } = await told(client.call('GET', '/v1/stats', statsSchema));
      const { count, oldestSeconds } = overdueSessions;
      if (count > 0)
        throw new Error(`${count} sessions should have ended, the oldest ${Math.round(oldestSeconds ?? 0)} s ago`);
      return 'no session is overdue';
    },
    mend: 'See that workers run and what their logs say; on their machine: daypass doctor',
  };
}

function workersIn({ data }: { data: z.output<typeof workerSchema>[] }): string {
  if (data.length === 0) throw new Error('none was seen lately, so sessions wait');
  return data.map(({ name, running, concurrency }) => `${name} (${running.length} of ${concurrency})`).join(', ');
}

/** What the API says; that it says nothing is said once, by its own check. */
async function told<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    throw new NotSeen('as the API does not say', { cause });
  }
}

async function asked<T>(url: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const why = error instanceof z.ZodError ? 'answers, but not as the API of this version does' : describe(error);
    throw new Error(isNoAnswer(error) ? `${url} does not answer` : why, { cause: error });
  }
}
