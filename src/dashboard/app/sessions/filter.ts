import { SESSION_STATUSES, type SessionStatus } from '../../../session/status.ts';
import type { Session } from '../client/wire.ts';

/** Which sessions are listed. */
export interface Filter {
  status: SessionStatus | null;
  /** Those that have exactly this. */
  metadata: Record<string, string>;
  /** One alone. */
  id: string | null;
}

export const ALL: Filter = { status: null, metadata: {}, id: null };

/** A search as it is typed: `ses_…` is one session, `key=value` what its metadata has; several of those by spaces. */
export function parseFilter(status: string, search: string): Filter {
  const words = search.split(/\s+/).filter((word) => word !== '');
  const pairs = words.filter((word) => word.indexOf('=') > 0);
  return {
    status: SESSION_STATUSES.find((known) => known === status) ?? null,
    metadata: Object.fromEntries(
      pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
    ),
    id: words.find((word) => word.indexOf('=') <= 0) ?? null,
  };
}

/** The filter as the API's parameters, to come after others. It has none for one id. */
export function queryOf({ status, metadata }: Filter): string {
  const query = new URLSearchParams();
  if (status !== null) query.set('status', status);
  for (const [name, value] of Object.entries(metadata)) query.set(`metadata.${name}`, value);
  return query.size === 0 ? '' : `&${query}`;
}

export function matches(session: Session, { status, metadata, id }: Filter): boolean {
  return (
    (status === null || session.status === status) &&
    (id === null || session.id.startsWith(id)) &&
    Object.entries(metadata).every(([name, value]) => session.metadata[name] === value)
  );
}
