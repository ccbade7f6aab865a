/**
 * What a key may do. Each includes those before it.
 *
 * - `read`: sees the sessions of its own key, with their logs, events, receipts and tokens.
 * - `start`: starts sessions; stops, extends and forgets those of its own key, and revokes their tokens.
 * - `operate`: all of that for the sessions of every key, and everything else: keys, audit, metrics.
 */
export const SCOPES = ['read', 'start', 'operate'] as const;

export type Scope = (typeof SCOPES)[number];

/** Whether a key with these scopes may do what needs that one. */
export function allows(scopes: readonly Scope[], needed: Scope): boolean {
  return scopes.some((scope) => SCOPES.indexOf(scope) >= SCOPES.indexOf(needed));
}
