import { describe, expect, it } from 'vitest';
import { decideNetwork } from '../../src/session/change-network.ts';
import { newSession } from '../../src/session/new-session.ts';
import type { SessionRecord } from '../../src/session/record.ts';

function sessionWith(allow: string[], over: Partial<SessionRecord> = {}): { session: SessionRecord; token: null } {
  const request = {
    repos: [],
    command: null,
    image: 'daypass/sandbox',
    env: {},
    timeoutSeconds: 60,
    maxTimeoutSeconds: 60,
    resources: { cpus: 1, memoryMb: 64, pids: 8, diskMb: 8 },
    network: { allow },
    credentials: { delivery: 'env' as const },
    priority: 0,
    metadata: {},
  };
  const session = newSession({ id: 'ses_a', request, sealedSecrets: null, keyId: 'key_test', now: new Date(0) });
  return { session: { ...session, ...over }, token: null };
}

describe('another allow list', () => {
  it('takes the place of the old one in the request, and says what is new and what is gone', () => {
    const decision = decideNetwork(sessionWith(['a.example.com', 'b.example.com']), ['b.example.com', 'c.example.com']);
    expect(decision?.session?.request.network.allow).toEqual(['b.example.com', 'c.example.com']);
    expect(decision?.events).toEqual([
      {
        type: 'network_changed',
        detail: { allow: ['b.example.com', 'c.example.com'], added: ['c.example.com'], removed: ['a.example.com'] },
      },
    ]);
  });

  it('that says the same changes nothing', () => {
    expect(
      decideNetwork(sessionWith(['a.example.com', 'b.example.com']), ['b.example.com', 'a.example.com']),
    ).toBeNull();
  });

  it('may be given to a session in any state but an ended one', () => {
    for (const status of ['queued', 'starting', 'running', 'stopping'] as const) {
      expect(decideNetwork(sessionWith(['a.example.com'], { status }), [])).not.toBeNull();
    }
    expect(() => decideNetwork(sessionWith([], { status: 'stopped' }), ['a.example.com'])).toThrow(
      'has ended: stopped',
    );
  });
});
