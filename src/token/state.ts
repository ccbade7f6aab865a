/**
 * The life of a token in the ledger, as one table. `intended` is written before the provider is asked, so that a token
 * can never exist that nobody knows of.
 *
 * - `refused`: the provider said no; there is no token.
 * - `unknown`: the answer to the minting was lost. Nobody holds the value, so nobody can delete it; its TTL ends it.
 *   Where the minter's spool turns out to hold it after all, it is deleted like any other.
 * - `revoked`: deleted, and the provider was seen to refuse it.
 * - `expired`: its TTL passed, and for a day after that nobody could see it refused.
 */
export const TOKEN_TRANSITIONS = {
  intended: ['active', 'refused', 'unknown', 'revoking'],
  active: ['revoking', 'expired'],
  revoking: ['revoked', 'expired'],
  unknown: ['revoking', 'expired'],
  refused: [],
  revoked: [],
  expired: [],
} as const satisfies Record<string, readonly string[]>;

export type TokenState = keyof typeof TOKEN_TRANSITIONS;

export const TOKEN_STATES = Object.keys(TOKEN_TRANSITIONS) as TokenState[];

/** One that is not known here is not. */
export function isTokenFinal(state: string): boolean {
  return TOKEN_STATES.some((known) => known === state && TOKEN_TRANSITIONS[known].length === 0);
}

export function canTokenMove(from: TokenState, to: TokenState): boolean {
  return (TOKEN_TRANSITIONS[from] as readonly TokenState[]).includes(to);
}
