import { describe, expect, it } from 'vitest';
import { afterRemoval } from '../../workers/settle-session.ts';
import { aSession, aToken } from '../support/records.ts';

const now = new Date('2026-01-01T00:10:00.000Z');
const sandbox = { id: 'sbx_1', image: 'i', engine: 'engine-1', claimedAt: 'then', removedAt: null };
const session = aSession({ status: 'failed', tokenId: 'tok_test', sandbox, sealedSecrets: 'v1.k1.a.b' });
const sealed = 'v1.k1.iv.body';

describe('the end of a session’s sandbox', () => {
  it('is written down, and erases the values that only masked its log', () => {
    const change = afterRemoval({ session, token: aToken({ state: 'revoked', sealed }) }, 'sbx_1', now);
    expect(change?.session).toMatchObject({ sealedSecrets: null, sandbox: { removedAt: now.toISOString() } });
    expect(change?.token).toMatchObject({ state: 'revoked', sealed: null });
    expect(change?.events).toEqual([{ type: 'container_removed', detail: { container: 'sbx_1' } }]);
  });

  it.each(['active', 'revoking'] as const)('leaves the value of a token that is %s, to delete it', (state) => {
    const change = afterRemoval({ session, token: aToken({ state, sealed }) }, 'sbx_1', now);
    expect(change?.session?.sandbox?.removedAt).toBe(now.toISOString());
    expect(change).not.toHaveProperty('token');
  });

  it('erases the values of a session that never had a sandbox', () => {
    const view = { session: { ...session, sandbox: null }, token: aToken({ state: 'revoked', sealed }) };
    expect(afterRemoval(view, null, now)).toMatchObject({
      session: { sealedSecrets: null, sandbox: null },
      token: { sealed: null },
      events: [],
    });
  });

  it('changes nothing the second time', () => {
    const first = afterRemoval({ session, token: aToken({ state: 'revoked', sealed }) }, 'sbx_1', now);
    const again = { session: first?.session ?? null, token: first?.token ?? null };
    expect(afterRemoval(again, 'sbx_1', now)).toBeNull();
    expect(afterRemoval({ session: null, token: null }, 'sbx_1', now)).toBeNull();
  });
});
