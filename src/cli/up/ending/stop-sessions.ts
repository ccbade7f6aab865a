import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { isEnded, SESSION_STATUSES } from '../../../session/status.ts';
import type { ApiClient } from '../installation/api-client.ts';

const POLL_MS = 200;
const LIVE_TOKENS = ['intended', 'active', 'revoking'] as const;
const LIVE_SESSIONS = SESSION_STATUSES.filter((status) => !isEnded(status));

const page = z.object({ data: z.array(z.object({ id: z.string() })) });
const stats = z.object({ sessions: z.record(z.string(), z.number()), tokens: z.record(z.string(), z.number()) });

/** What is still alive, as a sentence each; empty: nothing. */
async function whatLives(api: ApiClient): Promise<string[]> {
  const { sessions, tokens } = await api.call('GET', '/v1/stats', stats);
  return [
    ...LIVE_SESSIONS.filter((status) => sessions[status]).map((status) => `${sessions[status]} sessions ${status}`),
    ...LIVE_TOKENS.filter((state) => tokens[state]).map((state) => `${tokens[state]} tokens ${state}`),
  ];
}

/**
 * Stops every session, tokens first, and waits until none lives and no token does; also those that come in between. A role
 * that is just being started again is waited for. At the signal it gives up: resolves with what still lives, or throws why
 * that is not known.
 */
export async function stopSessions(api: ApiClient, signal: AbortSignal): Promise<string[]> {
  for (;;) {
    try {
      await stopLive(api);
      const alive = await whatLives(api);
      if (alive.length === 0 || signal.aborted) return alive;
    } catch (error) {
      if (signal.aborted) throw error;
    }
    await sleep(POLL_MS);
  }
}

async function stopLive(api: ApiClient): Promise<void> {
  for (const status of LIVE_SESSIONS) {
    if (status === 'stopping') continue;
    const { data } = await api.call('GET', `/v1/sessions?status=${status}&limit=100`, page);
    for (const { id } of data) {
      await api.call('POST', `/v1/sessions/${id}/stop`, z.unknown(), { graceSeconds: 2, revoke: 'now' });
    }
  }
}
