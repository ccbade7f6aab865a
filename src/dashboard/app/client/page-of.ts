import type { Page, Unreadable } from './wire.ts';

/** What an item of a list must have to be shown, by field. */
export type Shape = Record<string, 'string' | 'list' | 'object'>;

export const SESSION: Shape = {
  id: 'string',
  status: 'string',
  createdAt: 'string',
  repos: 'list',
  metadata: 'object',
};
export const TOKEN: Shape = { id: 'string', state: 'string', repoIds: 'list', access: 'object' };
export const API_KEY: Shape = { id: 'string', name: 'string', scopes: 'list' };
export const AUDIT_RECORD: Shape = { id: 'string', time: 'string', action: 'string' };
export const WORKER: Shape = { name: 'string', running: 'list' };

/** A page as it can be shown: items that are not what they should be are with those that the API could not read. */
export function pageOf<T>(page: Page<T>, shape: Shape): Page<T> & { unreadable: Unreadable[] } {
  const unreadable = [...(page.unreadable ?? [])];
  const data = page.data.filter((item) => {
    const field = wrongField(item, shape);
    if (field !== null) unreadable.push({ id: nameOf(item), field, problem: 'is not what this page understands' });
    return field === null;
  });
  return { data, nextCursor: page.nextCursor, unreadable };
}

function wrongField(item: unknown, shape: Shape): string | null {
  if (typeof item !== 'object' || item === null) return '(record)';
  const wrong = Object.entries(shape).find(([name, kind]) => kindOf((item as Record<string, unknown>)[name]) !== kind);
  return wrong?.[0] ?? null;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'list';
  return value === null ? 'null' : typeof value;
}

function nameOf(item: unknown): string {
  const { id, name } = (item ?? {}) as { id?: unknown; name?: unknown };
  return [id, name].find((one) => typeof one === 'string') ?? 'one without an id';
}
