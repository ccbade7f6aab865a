import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { apiClient } from '../support/api-client.ts';
import { makeKey } from '../support/api-keys.ts';
import { startTestApi, type TestApi } from '../support/api.ts';
import { putSession, startApiRig, type ApiRig } from '../support/api-rig.ts';
import { openSse } from '../support/sse-client.ts';

let rig: ApiRig;

beforeAll(async () => {
  rig = await startApiRig();
});
afterAll(async () => rig?.close());

interface Begun {
  cookie: string;
  csrf: string;
}

async function logIn(call = rig.call, key = rig.api.key): Promise<Begun> {
  const { status, headers, body } = await call('POST', '/login', { key: null, body: { key } });
  expect(status).toBe(200);
  const { login } = body as { login: { csrfToken: string } };
  return { cookie: headers.get('set-cookie')?.split(';')[0] ?? '', csrf: login.csrfToken };
}

const byCookie = (method: string, path: string, headers: Record<string, string>) =>
  rig.call(method, path, { key: null, headers });

describe('a login', () => {
  test('is a cookie of 32 random bytes for this host alone, and the answer is kept by nobody', async () => {
    const { headers } = await rig.call('POST', '/login', { key: null, body: { key: rig.api.key } });
    expect(headers.get('set-cookie')).toMatch(
      /^__Host-daypass=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
    );
    expect(headers.get('cache-control')).toBe('no-store');
  });

  test('counts for calls of our own page, and for those that change something with its token', async () => {
    const { cookie, csrf } = await logIn();
    const ours = { cookie, 'sec-fetch-site': 'same-origin' };
    expect((await byCookie('GET', '/v1/sessions', ours)).status).toBe(200);
    expect((await byCookie('GET', '/v1/sessions', { cookie, origin: rig.api.url })).status).toBe(200);
    const { session } = await putSession(rig.redis);
    const stop = `/v1/sessions/${session.id}/stop`;
    expect((await byCookie('POST', stop, ours)).body).toMatchObject({ status: 403, code: 'cross_site' });
    expect((await byCookie('POST', stop, { ...ours, 'x-csrf-token': csrf })).status).toBe(202);
  });

  test.each<[string, Record<string, string>]>([
    ['says nothing of where it comes from', {}],
    ['comes from another site', { 'sec-fetch-site': 'cross-site' }],
    ['comes from another host of the same site', { 'sec-fetch-site': 'same-site' }],
    ['comes from nowhere', { 'sec-fetch-site': 'none' }],
    ['has another origin', { origin: 'https://evil.example' }],
    ['has an opaque origin', { origin: 'null' }],
    ['has the origin of another port', { origin: 'http://127.0.0.1:1' }],
    ['contradicts itself', { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' }],
  ])('counts for no call that %s', async (_what, headers) => {
    const { cookie, csrf } = await logIn();
    const reply = await byCookie('GET', '/v1/sessions', { cookie, 'x-csrf-token': csrf, ...headers });
    expect(reply.body).toMatchObject({ status: 403, code: 'cross_site' });
  });

  test('has a token of its own: another login’s is refused', async () => {
    const [one, other] = [await logIn(), await logIn()];
    const { session } = await putSession(rig.redis);
    const headers = { cookie: one.cookie, 'sec-fetch-site': 'same-origin', 'x-csrf-token': other.csrf };
    expect((await byCookie('POST', `/v1/sessions/${session.id}/stop`, headers)).body).toMatchObject({
      code: 'cross_site',
    });
  });

  test('cannot be begun from another page, so that nobody works under a stranger’s key', async () => {
    const headers = { origin: 'https://evil.example' };
    const reply = await rig.call('POST', '/login', { key: null, body: { key: rig.api.key }, headers });
    expect(reply.body).toMatchObject({ status: 403, code: 'cross_site' });
  });

  test('is not looked at where a key is sent', async () => {
    const { cookie } = await logIn();
    expect((await rig.call('GET', '/v1/sessions', { headers: { cookie } })).status).toBe(200);
    const wrong = await rig.call('GET', '/v1/sessions', { key: 'dp_wrong', headers: { cookie } });
    expect(wrong.status).toBe(401);
  });

  test('is told of in the audit log, beginning and end', async () => {
    const { cookie, csrf } = await logIn();
    await byCookie('POST', '/logout', { cookie, 'sec-fetch-site': 'same-origin', 'x-csrf-token': csrf });
    const { data } = (await rig.call('GET', '/v1/audit')).body as { data: { action: string; outcome: string }[] };
    expect(data.slice(0, 2).map(({ action, outcome }) => `${action} ${outcome}`)).toEqual(['logout ok', 'login ok']);
  });

  test('is over when it is not used, and at its end however much it is used', async () => {
    const api = await startTestApi({ redisUrl: rig.store.url, logins: { longestMs: 4_500, idleMs: 2_200 } });
    const call = apiClient(api);
    const look = async ({ cookie }: Begun) =>
      (await call('GET', '/v1/sessions', { key: null, headers: { cookie, 'sec-fetch-site': 'same-origin' } })).status;
    const [idle, used] = [await logIn(call, api.key), await logIn(call, api.key)];
    const seen: number[] = [];
    for (let i = 0; i < 5; i++) {
      await sleep(1_000);
      seen.push(await look(used));
    }
    expect(await look(idle)).toBe(401);
    expect([seen.slice(0, 3), seen.at(-1)]).toEqual([[200, 200, 200], 401]);
    await api.close();
  });

  test('with wrong keys is answered 429 after some tries from one address', async () => {
    const own = await startApiRig();
    const statuses: number[] = [];
    for (let i = 0; i < 25; i++) {
      statuses.push((await own.call('POST', '/login', { key: null, body: { key: `dp_wrong${i}` } })).status);
    }
    await own.close();
    expect([statuses[0], statuses.at(-1)]).toEqual([401, 429]);
  });
});

describe('a login and the limits of its key', () => {
  test('are counted with its calls', async () => {
    const { key } = await makeKey(rig, { limits: { requestsPerMinute: 2 } });
    await logIn(rig.call, key);
    const { cookie } = await logIn(rig.call, key);
    const third = await rig.call('POST', '/login', { key: null, body: { key } });
    expect(third).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    const look = await byCookie('GET', '/login', { cookie, 'sec-fetch-site': 'same-origin' });
    expect(look.status).toBe(429);
  });

  test('are few a minute for whatever key, as each is kept and told of', async () => {
    await using own = { rig: await startApiRig(), [Symbol.asyncDispose]: () => own.rig.close() };
    const statuses: number[] = [];
    for (let i = 0; i < 31; i++) {
      statuses.push((await own.rig.call('POST', '/login', { key: null, body: { key: own.rig.api.key } })).status);
    }
    expect([statuses[29], statuses[30]]).toEqual([200, 429]);
  });

  test('need no more of a body than a key', async () => {
    const reply = await rig.call('POST', '/login', { key: null, body: { key: 'x'.repeat(10_000) } });
    expect(reply).toMatchObject({ status: 413, body: { code: 'body_too_large' } });
  });
});

describe('what a login has open', () => {
  const open = (api: TestApi, { cookie }: Begun) =>
    openSse(`${api.url}/v1/events`, { cookie, 'sec-fetch-site': 'same-origin' });

  test('is ended with its login, in every process, and that of another login goes on', async () => {
    await using other = await startTestApi({ redisUrl: rig.store.url, keys: { test: rig.api.key } });
    const { key } = await makeKey(rig, { scopes: ['operate'] });
    const logins = [await logIn(), await logIn(rig.call, key)];
    const streams = await Promise.all(logins.map((login) => open(rig.api, login)));
    const [first] = logins;
    if (first !== undefined) streams.push(await open(other, first));
    using stays = await open(rig.api, await logIn());
    for (const { cookie, csrf } of logins) {
      const headers = { cookie, 'sec-fetch-site': 'same-origin', 'x-csrf-token': csrf };
      expect((await byCookie('POST', '/logout', headers)).status).toBe(204);
    }
    const ends = streams.map((stream) => stream.next(20_000).catch((error: Error) => error.message));
    expect(await Promise.all(ends)).toEqual(['terminated', 'terminated', 'terminated']);
    const { session } = await putSession(rig.redis);
    expect((await stays.next())?.data).toMatchObject({ sessionId: session.id });
  });

  test('is ended when its time is over, as nobody logs out who has left', async () => {
    await using api = await startTestApi({ redisUrl: rig.store.url, logins: { longestMs: 500, idleMs: 60_000 } });
    using stream = await open(api, await logIn(apiClient(api), api.key));
    await expect(stream.next(5_000)).rejects.toThrow('terminated');
  });
});

describe('the host of a request', () => {
  /** By hand, as fetch does not let a test choose it. */
  async function statusFor(host: string): Promise<number> {
    const sent = request(`${rig.api.url}/healthz`, { headers: { host } }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    await text(response);
    return response.statusCode ?? 0;
  }

  test.each(['127.0.0.1', '127.0.0.1:7070', 'localhost', 'LOCALHOST:1', '[::1]:7070', '192.168.1.5:7070'])(
    'may be %s',
    async (host) => expect(await statusFor(host)).toBe(200),
  );

  test.each(['evil.example', 'evil.example:7070', '127.0.0.1.evil.example', 'localhost.evil.example', 'a@127.0.0.1'])(
    'may not be %s',
    async (host) => expect([400, 421]).toContain(await statusFor(host)),
  );
});

test('every answer says that it is to be shown and read nowhere else', async () => {
  for (const path of ['/', '/healthz', '/v1/nowhere', '/docs']) {
    const { headers } = await rig.call('GET', path);
    expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('permissions-policy')).toContain('camera=()');
    expect(headers.get('access-control-allow-origin')).toBeNull();
  }
});
