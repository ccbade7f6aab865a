import { Relace } from '@relace-ai/relace';
import { z } from 'zod';
import { ProviderError, type MintRequest, type TokenProvider } from '../provider.ts';
import type { Access, RepoGrant } from '../record.ts';
import { Secret } from '../secret.ts';
import { boundedFetch } from '../../ops/bounded-fetch.ts';
import { hostOf } from './host-of.ts';
import { readTime } from './read-time.ts';
import { statusOf, toProviderError } from './relace-error.ts';

/** Far more than any answer about a token or a repo has. */
const MAX_ANSWER_BYTES = 8 * 1024 ** 2;
const fetchAnswer = boundedFetch({ who: 'The repo host', maxBytes: MAX_ANSWER_BYTES });

/** The SDK's types lack `expires_at`, which the service sends when a TTL was asked for. */
const mintAnswer = z.object({ token: z.string().min(8), expires_at: z.unknown() });

const repoList = z.object({ items: z.array(z.unknown()) });

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
    new Relace({ apiKey: key.reveal(), baseURL: root, maxRetries: 0, logLevel: 'off', fetch: fetchAnswer });
  const account = client(apiKey);

  return {
    name: 'relace',
    host: hostOf(root),
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
      return { value: new Secret(minted.data.token), expiresAt: readTime(minted.data.expires_at) };
    },

    async delete(value, signal) {
      try {
        await account.repoToken.delete(value.reveal(), { signal });
      } catch (error) {
        if (statusOf(error) === 404) return;
        throw toProviderError(error, 'delete a token', { 401: 'unauthorized', 403: 'unauthorized' });
      }
    },

    async isRefused(value, repoIds, signal) {
      const holder = client(value);
      for (const repoId of repoIds) {
        const opens = await opensRepo(holder, repoId, signal);
        if (opens !== null) return !opens;
      }
      // The repos are gone, so none can tell: ask for the token instead, and believe it of a host that is well.
      if (!(await isUnknown(account, value, signal))) return false;
      await requireRepoHost(account, signal);
      return true;
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

/** null: the repo itself is not there, or so the host says. */
async function opensRepo(holder: Relace, repoId: string, signal: AbortSignal): Promise<boolean | null> {
  try {
    await holder.repo.get(repoId, { signal });
    return true;
  } catch (error) {
    const status = statusOf(error);
    if (status === 401 || status === 403) return false;
    if (status === 404) return null;
    throw toProviderError(error, 'ask a repo with the token', {});
  }
}

/**
 * Throws `unavailable` unless the host lists the account's repos. Something in its place, or the host at a path that is
 * no longer its own, answers 404 to everything: to the deletion, to the repos and to the question for the token.
 */
async function requireRepoHost(account: Relace, signal: AbortSignal): Promise<void> {
  const answer: unknown = await account.repo.list({ page_size: 1 }, { signal }).catch((error: unknown) => {
    throw toProviderError(error, 'list the repos', { 401: 'unauthorized', 403: 'unauthorized' });
  });
  if (repoList.safeParse(answer).success) return;
  throw new ProviderError('unavailable', 'What answers in place of the repo host does not know its repos');
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
