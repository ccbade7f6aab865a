import type { ApiKeyAnswer } from '../client/answers.ts';
import { table } from '../client/table.ts';

/** API keys for people, one a line. */
export function keyTable(keys: ApiKeyAnswer[], now: Date): string[] {
  const rows = keys.map((key) => [
    key.id,
    stateOf(key, now),
    key.scopes.join(','),
    key.repos === null ? 'any' : `${key.repos.length}`,
    key.fingerprint,
    key.createdAt.slice(0, 10),
    key.lastUsedAt ?? 'never',
    key.name,
  ]);
  return table(['KEY', 'STATE', 'SCOPES', 'REPOS', 'FINGERPRINT', 'CREATED', 'LAST USED', 'NAME'], rows);
}

function stateOf({ revokedAt, expiresAt }: ApiKeyAnswer, now: Date): string {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && Date.parse(expiresAt) <= now.getTime() ? 'expired' : 'active';
}
