import { expect, test } from 'vitest';
import { forReading } from '../../../../src/api/schemas/reading.ts';
import { stopSessions } from '../../../../src/cli/up/ending/stop-sessions.ts';
import type { ApiClient } from '../../../../src/cli/up/installation/api-client.ts';

/** An API with one running session, whose token takes `deletions` looks to go once it was stopped. */
function api({ deletions, failures = 0 }: { deletions: number; failures?: number }) {
  const stops: unknown[] = [];
  let left = deletions;
  const client: ApiClient = {
    async call(method, path, answer, body) {
      if (failures-- > 0) throw new Error('the API answered 503');
      if (method === 'POST') {
        stops.push([path, body]);
        return forReading(answer).parse({});
      }
      if (path === '/v1/stats') {
        const running = stops.length === 0 ? 1 : 0;
        const revoking = running === 0 && left-- > 0 ? 1 : 0;
        return forReading(answer).parse({ sessions: { running }, tokens: { active: running, revoking } });
      }
      const runs = path.includes('status=running') && stops.length === 0;
      return forReading(answer).parse({ data: runs ? [{ id: 'ses_1' }] : [] });
    },
    async *follow() {},
  };
  return { client, stops };
}

test('every session is stopped with its token first, and the last token is waited for', async () => {
  const { client, stops } = api({ deletions: 2 });
  expect(await stopSessions(client, AbortSignal.timeout(10_000))).toEqual([]);
  expect(stops).toEqual([['/v1/sessions/ses_1/stop', { graceSeconds: 2, revoke: 'now' }]]);
});

test('an API that is just being started again is waited for', async () => {
  const { client, stops } = api({ deletions: 0, failures: 2 });
  expect(await stopSessions(client, AbortSignal.timeout(10_000))).toEqual([]);
  expect(stops).toHaveLength(1);
});

test('what still lives when the time is over is told', async () => {
  const { client } = api({ deletions: Infinity });
  expect(await stopSessions(client, AbortSignal.timeout(300))).toEqual(['1 tokens revoking']);
});

test('an API that never answers is told as such when the time is over', async () => {
  const { client } = api({ deletions: 0, failures: Infinity });
  await expect(stopSessions(client, AbortSignal.timeout(300))).rejects.toThrow('503');
});
