import { expect, test } from 'vitest';
import { withToken } from '../../src/session/current-token.ts';
import { aSession } from '../support/records.ts';

test('a session names every token that it had before, each once', () => {
  const first = withToken(aSession(), 'tok_1');
  expect(first).toMatchObject({ tokenId: 'tok_1' });
  expect(first).not.toHaveProperty('formerTokenIds');
  expect(withToken(first, 'tok_1')).toEqual(first);
  const third = withToken(withToken(first, 'tok_2'), 'tok_3');
  expect(third).toMatchObject({ tokenId: 'tok_3', formerTokenIds: ['tok_1', 'tok_2'] });
});
