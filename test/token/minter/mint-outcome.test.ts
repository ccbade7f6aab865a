import { expect, it } from 'vitest';
import { mintFailure } from '../../../src/token/minter/mint-outcome.ts';
import { ProviderError } from '../../../src/token/provider.ts';

it.each([
  ['not_found', 'refused', 'repo_not_found', /repo-1, repo-2/],
  ['refused', 'refused', 'repo_refused', /repo-1, repo-2/],
  ['unauthorized', 'refused', 'provider_unavailable', /DAYPASS_RELACE_API_KEY/],
  ['unavailable', 'unknown', 'provider_unavailable', /said the host/],
] as const)('a minting that fails as %s leaves %s, and its owner is told %s', (kind, state, code, message) => {
  const failure = mintFailure(new ProviderError(kind, 'said the host'), ['repo-1', 'repo-2']);
  expect(failure).toMatchObject({ state, code, message: expect.stringMatching(message) as string });
});

it('takes any other error for a lost answer: a token may exist', () => {
  expect(mintFailure(new TypeError('x'), ['repo-1']).state).toBe('unknown');
});
