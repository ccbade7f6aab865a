import { describe, expect, it } from 'vitest';
import { refusalToOpen } from '../../../src/token/minter/open-session.ts';
import type { View } from '../../../src/store/records.ts';
import { aSession, aToken } from '../../support/records.ts';

const NOW = Date.parse('2026-01-01T00:10:00.000Z');
const sandbox = { id: 'sbx_1', image: 'i', engine: 'engine-1', claimedAt: '2026-01-01T00:00:01.000Z', removedAt: null };
const session = aSession({ status: 'starting', tokenId: 'tok_test', deadlineAt: '2026-01-01T00:10:00.001Z', sandbox });
const token = aToken({ state: 'active', sealed: 'v1.k1.iv.body' });

describe('whether a sandbox may have the values of a session', () => {
  it('may, when it holds the claim of a living session in time', () => {
    expect(refusalToOpen({ session, token }, { sandboxId: 'sbx_1', purpose: 'deliver' }, NOW)).toBeNull();
  });

  it.each<[string, View, string]>([
    ['there is no such session', { session: null, token }, 'worker_lost'],
    [
      'another sandbox is the session’s',
      { session: { ...session, sandbox: { ...sandbox, id: 'sbx_2' } }, token },
      'worker_lost',
    ],
    ['it has not claimed', { session: { ...session, sandbox: { ...sandbox, claimedAt: null } }, token }, 'worker_lost'],
    ['the session has ended', { session: { ...session, status: 'stopped' }, token }, 'token_revoked'],
    [
      'the deadline is now',
      { session: { ...session, deadlineAt: '2026-01-01T00:10:00.000Z' }, token },
      'token_revoked',
    ],
    ['no deadline is known', { session: { ...session, deadlineAt: null }, token }, 'token_revoked'],
    ['the token is due for deletion', { session, token: { ...token, state: 'revoking' } }, 'token_revoked'],
    ['the token was never minted', { session, token: aToken() }, 'token_revoked'],
    ['its value is erased', { session, token: { ...token, sealed: null } }, 'token_revoked'],
  ])('may not, when %s', (_why, view, code) => {
    expect(refusalToOpen(view, { sandboxId: 'sbx_1', purpose: 'deliver' }, NOW)?.code).toBe(code);
  });

  it('reaches the gateway, which keeps it, until the grace after the deadline is over', () => {
    const relay = (nowMs: number) => refusalToOpen({ session, token }, { sandboxId: 'sbx_1', purpose: 'relay' }, nowMs);
    expect(relay(NOW + 10_000)).toBeNull();
    expect(relay(NOW + 10_001)?.code).toBe('token_revoked');
  });

  const mask = (view: View) => refusalToOpen(view, { sandboxId: 'sbx_1', purpose: 'mask' }, NOW + 3_600_000);
  const ended: View = { session: { ...session, status: 'failed' }, token };

  it.each(['active', 'revoking', 'revoked', 'expired'] as const)(
    'may have them to mask its log after session and deadline are over, the token being %s',
    (state) => {
      expect(mask({ ...ended, token: { ...token, state } })).toBeNull();
    },
  );

  it.each<[string, View, string]>([
    [
      'it is removed',
      { ...ended, session: { ...session, sandbox: { ...sandbox, removedAt: 'now' } } },
      'token_revoked',
    ],
    ['the value is erased', { ...ended, token: { ...token, state: 'revoked', sealed: null } }, 'token_revoked'],
    ['there is no token', { ...ended, token: null }, 'token_revoked'],
    ['it has not claimed', { session: { ...session, sandbox: { ...sandbox, claimedAt: null } }, token }, 'worker_lost'],
  ])('may not have them to mask its log when %s', (_why, view, code) => {
    expect(mask(view)?.code).toBe(code);
  });
});
