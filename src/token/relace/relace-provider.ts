import { Relace } from '@relace-ai/relace';
import { z } from 'zod';
import { ProviderError, type MintRequest, type TokenProvider } from '../provider.ts';
import type { Access, RepoGrant } from '../record.ts';
import { Secret } from '../secret.ts';
import { statusOf, toProviderError } from './relace-error.ts';

/** The SDK's types lack `expires_at`, which the service sends when a TTL was asked for. */
const mintAnswer = z.object({ token: z.string().min(8), expires_at: z.string().nullish() });

/** The SDK's types lack `ttl_seconds`, which it sends all the same; `access` is an addition of Daypass' own host. */
interface MintBody {
  name: string;
  repo_ids: string[];
  ttl_seconds: number;
  access?: Record<string, Access>;
}

export interface RelaceOptions {
  /** With `/v1`. */
  baseUrl: string;
  apiKey: Secret;
  /** Whether the host takes `access` on POST /repo_token: Daypass' own does, the hosted service does not. */
  canRestrictAccess: boolean;
}

/** Repo tokens of Relace, hosted or Daypass' own git host, through the official SDK. */
export function createRelaceProvider({ baseUrl, apiKey, canRestrictAccess }: RelaceOptions): TokenProvider {
  const root = baseUrl.replace(/\/+$/, '');
  // No retries: a mint that is repeated after a lost answer leaves a token that nobody can name. No logs: the SDK writes
  // each URL when RELACE_LOG says so, and the URL of a deletion holds the token.
  const client = (key: Secret): Relace =>
    new Relace({ apiKey: key.reveal(), baseURL: root, maxRetries: 0, logLevel: 'off' });
  const account = client(apiKey);

  return {
    name: 'relace',
    canRestrictAccess,

    async mint({ name, grants, ttlSeconds, signal }: MintRequest) {
      const body: MintBody = { name, repo_ids: grants.map(({ repoId }) => repoId), ttl_seconds: ttlSeconds };
      if (canRestrictAccess) body.access = accessOf(grants);
      let answer: unknown;
      try {
        answer = await account.repoToken.create(body, { signal });
      } catch (error) {
        throw toProviderError(error, 'mint a token', {
          400: 'refused',
          401: 'unauthorized',
          403: 'refused',
          404: 'not_found',
          422: 'refused',
        });
      }
      const minted = mintAnswer.safeParse(answer);
      if (!minted.success)
        throw new ProviderError('unavailable', 'The repo host answered a minting with something else than a token');
      return { value: new Secret(minted.data.token), expiresAt: toIso(minted.data.expires_at) };
    },

    async delete(value, signal) {
      try {
        await account.repoToken.delete(value.reveal(), { signal });
      } catch (error) {
        if (statusOf(error) === 404) return;
        throw toProviderError(error, 'delete a token', { 401: 'unauthorized', 403: 'unauthorized' });
      }
    },

    async isRefused(value, repoId, signal) {
      try {
        await client(value).repo.get(repoId, { signal });
        return false;
      } catch (error) {
        const status = statusOf(error);
        if (status === 401 || status === 403) return true;
        // The repo itself is gone, so it can't tell: ask for the token instead.
        if (status === 404) return isUnknown(account, value, signal);
        throw toProviderError(error, 'ask a repo with the token', {});
      }
    },

    access(value, repoIds) {
      return {
        env: { RELACE_BASE_URL: root },
        secretEnv: { REPO_TOKEN: value, RELACE_API_KEY: value },
        repoOrigin: new URL(root).origin,
        cloneUrls: Object.fromEntries(repoIds.map((id) => [id, `${root}/repo/${id}.git`])),
      };
    },
  };
}

async function isUnknown(account: Relace, value: Secret, signal: AbortSignal): Promise<boolean> {
  try {
    await account.repoToken.get(value.reveal(), { signal });
    return false;
  } catch (error) {
    if (statusOf(error) === 404) return true;
    throw toProviderError(error, 'look a token up', { 401: 'unauthorized', 403: 'unauthorized' });
  }
}

function accessOf(grants: RepoGrant[]): Record<string, Access> {
  return Object.fromEntries(grants.map(({ repoId, access }) => [repoId, access]));
}

function toIso(time: string | null | undefined): string | null {
  const ms = Date.parse(time ?? '');
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}
