import { afterAll, beforeAll, expect, test } from 'vitest';
import { routes } from '../../src/api/routes.ts';
import { expireKey, makeKey } from '../support/api-keys.ts';
import { putSession, startApiRig, type ApiRig } from '../support/api-rig.ts';

/*
 * Who gets into which call, written down by hand and held against every route there is: an operation that nobody has
 * decided about fails here. `in`: the call was looked at, whatever came of it; else the status that it was refused with.
 */

const CALLERS = [
  'nobody',
  'strange',
  'revoked',
  'expired',
  'read',
  'start',
  'otherRead',
  'otherStart',
  'operate',
] as const;

type CallerName = (typeof CALLERS)[number];
type Row = Record<CallerName, 'in' | 401 | 403 | 404>;

const OUTSIDE = { nobody: 401, strange: 401, revoked: 401, expired: 401, operate: 'in' } as const;

/** No key is needed. */
const OPEN = Object.fromEntries(CALLERS.map((name) => [name, 'in'])) as Row;
/** Of one session: the holder of another key is told that there is none. */
const READS_OWN: Row = { ...OUTSIDE, read: 'in', start: 'in', otherRead: 404, otherStart: 404 };
const CHANGES_OWN: Row = { ...OUTSIDE, read: 403, start: 'in', otherRead: 403, otherStart: 404 };
/** Of many: each sees its own in it, which other tests look into. */
const READS: Row = { ...OUTSIDE, read: 'in', start: 'in', otherRead: 'in', otherStart: 'in' };
const CHANGES: Row = { ...OUTSIDE, read: 403, start: 'in', otherRead: 403, otherStart: 'in' };
const OPERATES: Row = { ...OUTSIDE, read: 403, start: 403, otherRead: 403, otherStart: 403 };

const TABLE: Record<string, Row> = {
  'post /v1/sessions': CHANGES,
  'get /v1/sessions': READS,
  'get /v1/sessions/{id}': READS_OWN,
  'post /v1/sessions/{id}/stop': CHANGES_OWN,
  'post /v1/sessions/{id}/extend': CHANGES_OWN,
  'patch /v1/sessions/{id}/network': CHANGES_OWN,
  'delete /v1/sessions/{id}': CHANGES_OWN,
  'get /v1/sessions/{id}/logs': READS_OWN,
  'get /v1/sessions/{id}/events': READS_OWN,
  'get /v1/sessions/{id}/receipt': READS_OWN,
  'get /v1/events': READS,
  'get /v1/tokens': READS,
  'post /v1/tokens/{id}/revoke': CHANGES_OWN,
  'post /v1/tokens/revoke': CHANGES,
  'get /v1/workers': READS,
  'get /v1/stats': READS,
  'post /v1/api-keys': OPERATES,
  'get /v1/api-keys': OPERATES,
  'post /v1/api-keys/{id}/rotate': OPERATES,
  'delete /v1/api-keys/{id}': OPERATES,
  'get /v1/audit': OPERATES,
  'get /metrics': OPERATES,
  'get /openapi.json': READS,
  'get /docs': READS,
  'get /.well-known/daypass-receipt-keys.json': OPEN,
  'get /healthz': OPEN,
  'get /readyz': OPEN,
};

const BODIES: Record<string, unknown> = {
  'post /v1/sessions': {},
  'post /v1/sessions/{id}/stop': {},
  'post /v1/sessions/{id}/extend': { timeoutSeconds: 60 },
  'patch /v1/sessions/{id}/network': { allow: [] },
  'post /v1/tokens/{id}/revoke': {},
  'post /v1/tokens/revoke': { sessionId: 'ses_none' },
  'post /v1/api-keys': {},
  'post /v1/api-keys/{id}/rotate': {},
};

let rig: ApiRig;
let keyOf: Record<CallerName, string | null>;
let ownId: Record<'read' | 'start', string>;
let spareId: string;

beforeAll(async () => {
  // So that each call can come from an address of its own, and none is refused for too many wrong keys.
  rig = await startApiRig({}, { trustedProxies: ['127.0.0.1'] });
  const [read, start, otherRead, otherStart, operate, revoked, expired] = await Promise.all([
    makeKey(rig, { scopes: ['read'] }),
    makeKey(rig, { scopes: ['start'] }),
    makeKey(rig, { scopes: ['read'] }),
    makeKey(rig, { scopes: ['read', 'start'] }),
    makeKey(rig, { scopes: ['operate'] }),
    makeKey(rig, { scopes: ['operate'] }),
    makeKey(rig, { scopes: ['operate'] }),
  ]);
  await rig.call('DELETE', `/v1/api-keys/${revoked.id}`);
  await expireKey(rig, expired.id);
  spareId = (await makeKey(rig)).id;
  ownId = { read: read.id, start: start.id };
  keyOf = {
    nobody: null,
    strange: 'dp_obviously_a_key_that_nobody_made',
    revoked: revoked.key,
    expired: expired.key,
    read: read.key,
    start: start.key,
    otherRead: otherRead.key,
    otherStart: otherStart.key,
    operate: operate.key,
  };
});
afterAll(async () => {
  await rig?.close();
});

let calls = 0;

/** What becomes of a call about a record of the key that asks, or of a stranger's where that has none. */
async function knock(route: string, caller: CallerName): Promise<number> {
  const [method = '', path = ''] = route.split(' ');
  const keyId = caller === 'read' ? ownId.read : ownId.start;
  const { session, token } = await putSession(rig.redis, { status: 'running', keyId }, { state: 'active' });
  const id = path.startsWith('/v1/tokens') ? token?.id : path.startsWith('/v1/api-keys') ? spareId : session.id;
  const body = BODIES[route];
  const key = keyOf[caller];
  const leaving = new AbortController();
  const { status } = await fetch(rig.api.url + path.replace('{id}', id ?? ''), {
    method: method.toUpperCase(),
    headers: {
      'x-forwarded-for': `10.${++calls >> 8}.${calls & 255}.1`,
      ...(key !== null && { authorization: `Bearer ${key}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: leaving.signal,
  });
  leaving.abort();
  return status;
}

test('every call that there is has its line in the table, and the table has no other', () => {
  const all = routes().map(({ method, path }) => `${method} ${path}`);
  expect(all.toSorted()).toEqual(Object.keys(TABLE).toSorted());
});

test.each(Object.entries(TABLE))('%s lets in whom it should', async (route, row) => {
  for (const caller of CALLERS) {
    const status = await knock(route, caller);
    const seen = status === 401 || status === 403 || status === 404 ? status : 'in';
    expect({ caller, seen }).toEqual({ caller, seen: row[caller] });
  }
});

test('the scope that the table asks for is the one that the documentation tells', async () => {
  const scopes = new Map<Row, string | null>([
    [OPEN, null],
    [READS_OWN, 'read'],
    [READS, 'read'],
    [CHANGES_OWN, 'start'],
    [CHANGES, 'start'],
    [OPERATES, 'operate'],
  ]);
  const { paths } = (await rig.call('GET', '/openapi.json')).body as {
    paths: Record<string, Record<string, { 'x-daypass-scope': string | null }>>;
  };
  for (const [route, row] of Object.entries(TABLE)) {
    const [method = '', path = ''] = route.split(' ');
    expect({ route, scope: paths[path]?.[method]?.['x-daypass-scope'] }).toEqual({ route, scope: scopes.get(row) });
  }
});
