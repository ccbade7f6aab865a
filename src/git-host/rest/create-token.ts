import { z } from 'zod';
import type { AccountOperation } from '../host.ts';
import { check } from '../http/check.ts';
import { HostError } from '../http/host-error.ts';
import { readJson } from '../http/read-json.ts';
import { sendJson } from '../http/send-json.ts';
import { hashToken, newTokenValue } from '../tokens/token-value.ts';
import type { RepoAccess } from '../tokens/token-store.ts';
import { repoIdField, tokenToWire } from './schemas.ts';

/** Ten years: far past any session, and the time it ends at is still a date. */
const MAX_TTL_SECONDS = 10 * 365 * 86_400;

const access = z.enum(['read', 'write']);
/** Strict, unlike other bodies: a misspelt `access` would give more than was meant. */
const schema = z.strictObject({
  name: z.string().min(1, 'must not be empty').max(255, 'must have at most 255 characters'),
  repo_ids: z.array(repoIdField).min(1, 'must name at least one repo').max(1_000, 'must name at most 1000 repos'),
  ttl_seconds: z.int().positive('must be above 0').max(MAX_TTL_SECONDS, `must be at most ${MAX_TTL_SECONDS}`).nullish(),
  /** This host's own field: what may be done, for all repos or per repo id; write where nothing is said. */
  access: z.union([access, z.record(repoIdField, access)], 'must be read, write, or one of them per repo id').nullish(),
});

/** POST /repo_token. The value is in this answer and nowhere else; what is stored is its hash. */
export const createToken: AccountOperation = async (host, call) => {
  const { res } = call;
  const body = check(schema, (await readJson(host, call)) ?? {});
  const repoIds = [...new Set(body.repo_ids)];
  const unknown = repoIds.find((repoId) => host.repos.find(repoId) === null);
  if (unknown !== undefined) throw new HostError('not_found', `repo ${unknown} not found`);
  const value = newTokenValue();
  const createdAtMs = host.now();
  const ttlSeconds = body.ttl_seconds ?? null;
  const token = {
    hash: hashToken(value),
    name: body.name,
    grants: grantsOf(repoIds, body.access ?? 'write'),
    createdAtMs,
    expiresAtMs: ttlSeconds === null ? null : createdAtMs + ttlSeconds * 1000,
  };
  host.tokens.add(token);
  sendJson(res, 201, { token: value, ...tokenToWire(token) });
};

function grantsOf(repoIds: string[], wanted: RepoAccess | Record<string, RepoAccess>): Map<string, RepoAccess> {
  if (typeof wanted === 'string') return new Map(repoIds.map((repoId) => [repoId, wanted]));
  const stray = Object.keys(wanted).find((repoId) => !repoIds.includes(repoId));
  if (stray !== undefined) throw new HostError('bad_value', `access names ${stray}, which is not in repo_ids`);
  return new Map(repoIds.map((repoId) => [repoId, wanted[repoId] ?? 'write']));
}
