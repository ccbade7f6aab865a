import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keys } from '../../src/store/keys.ts';
import { startApiRig, type ApiRig } from '../support/api-rig.ts';
import { REPO_A } from '../support/records.ts';

const REPO = { id: REPO_A };
const START = '/v1/sessions';
const MIB = 1024 * 1024;
const CAT = { repos: [REPO], command: ['cat'] };

let rig: ApiRig;

beforeAll(async () => {
  rig = await startApiRig({ maxTimeoutSeconds: 7_200, memoryMb: 4_096 });
});
afterAll(async () => {
  await rig?.close();
});

/** [what is wrong, body, path in the answer, words of the reason] */
const BAD_FIELDS: [string, object, string, string][] = [
  ['no repos', {}, 'repos', 'is required'],
  ['an empty list of repos', { repos: [] }, 'repos', 'at least 1 items'],
  ['seventeen repos', { repos: Array.from({ length: 17 }, () => REPO) }, 'repos', 'at most 16 items'],
  ['repos that are no list', { repos: 'x' }, 'repos', 'must be a list'],
  ['a repo id that is no UUID', { repos: [{ id: 'x' }] }, 'repos[0].id', 'must be a UUID'],
  ['a ref beginning with a dash', { repos: [{ ...REPO, ref: '-x' }] }, 'repos[0].ref', '-'],
  ['a ref that git refuses', { repos: [{ ...REPO, ref: 'a..b' }] }, 'repos[0].ref', '..'],
  ['a ref over 255 bytes', { repos: [{ ...REPO, ref: 'x'.repeat(256) }] }, 'repos[0].ref', '255 bytes'],
  ['an absolute path', { repos: [{ ...REPO, path: '/etc' }] }, 'repos[0].path', 'must be relative'],
  ['a path that leads out', { repos: [{ ...REPO, path: 'a/../..' }] }, 'repos[0].path', '..'],
  ['a path into .git', { repos: [{ ...REPO, path: 'a/.git' }] }, 'repos[0].path', '.git'],
  ['a path over 200 bytes', { repos: [{ ...REPO, path: 'x'.repeat(201) }] }, 'repos[0].path', '200 bytes'],
  [
    'two paths alike',
    {
      repos: [
        { ...REPO, path: 'a' },
        { ...REPO, path: 'a' },
      ],
    },
    'repos[1].path',
    'repos[0] too',
  ],
  ['two default paths alike', { repos: [REPO, { ...REPO, path: REPO_A }] }, 'repos[1].path', 'repos[0] too'],
  ['an unknown access', { repos: [{ ...REPO, access: 'admin' }] }, 'repos[0].access', '"read" or "write"'],
  ['a depth of 0', { repos: [{ ...REPO, depth: 0 }] }, 'repos[0].depth', 'at least 1'],
  ['an unknown field of a repo', { repos: [{ ...REPO, branch: 'x' }] }, 'repos[0].branch', 'not a known field'],
  ['an unknown field', { repos: [REPO], docker: {} }, 'docker', 'not a known field'],
  ['an empty command', { repos: [REPO], command: [] }, 'command', 'at least 1 items'],
  ['a command without a program', { repos: [REPO], command: ['', 'x'] }, 'command[0]', 'must not be empty'],
  ['257 arguments', { repos: [REPO], command: Array.from({ length: 257 }, () => 'x') }, 'command', 'at most 256 items'],
  ['a NUL in an argument', { repos: [REPO], command: ['a\0b'] }, 'command[0]', 'NUL'],
  ['half a character in an argument', { repos: [REPO], command: ['\ud800'] }, 'command[0]', 'valid Unicode'],
  ['an argument that is a number', { repos: [REPO], command: [1] }, 'command[0]', 'must be a string'],
  ['an image that is not allowed', { repos: [REPO], image: 'ubuntu' }, 'image', 'allowed: daypass/sandbox'],
  ['a variable with an impossible name', { repos: [REPO], env: { '1A': 'x' } }, 'env.1A', 'must be a name'],
  ['REPO_TOKEN', { repos: [REPO], env: { REPO_TOKEN: 'x' } }, 'env.REPO_TOKEN', 'reserved'],
  ['RELACE_API_KEY', { repos: [REPO], env: { RELACE_API_KEY: 'x' } }, 'env.RELACE_API_KEY', 'RELACE_*'],
  ['DAYPASS_X', { repos: [REPO], secrets: { DAYPASS_X: 'x' } }, 'secrets.DAYPASS_X', 'DAYPASS_*'],
  ['GIT_SSH', { repos: [REPO], secrets: { GIT_SSH: 'x' } }, 'secrets.GIT_SSH', 'GIT_*'],
  ['LD_PRELOAD', { repos: [REPO], env: { LD_PRELOAD: 'x' } }, 'env.LD_PRELOAD', 'LD_*'],
  ['HTTPS_PROXY', { repos: [REPO], env: { HTTPS_PROXY: 'x' } }, 'env.HTTPS_PROXY', '*_PROXY'],
  ['https_proxy', { repos: [REPO], env: { https_proxy: 'x' } }, 'env.https_proxy', '*_PROXY'],
  ['a NUL in a variable', { repos: [REPO], env: { A: '\0' } }, 'env.A', 'NUL'],
  ['a variable that is no string', { repos: [REPO], env: { A: 1 } }, 'env.A', 'must be a string'],
  ['a name in env and secrets', { repos: [REPO], env: { A: 'x' }, secrets: { A: 'y' } }, 'secrets.A', 'in env too'],
  [
    'secrets of more than 256 KiB',
    { repos: [REPO], secrets: Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`S${i}`, 'x'.repeat(32_768)])) },
    'secrets',
    'at most 262144 bytes together; these have 294912',
  ],
  [
    'secrets of more lines than can be looked for',
    { repos: [REPO], secrets: { A: 'line\n'.repeat(3_000), B: 'line\n'.repeat(3_000) } },
    'secrets',
    'at most 4096 lines together; these have 6002',
  ],
  [
    'a name of no secret among those that need no mask',
    { repos: [REPO], secrets: { A: 'long enough' }, unmaskedSecrets: ['A', 'B'] },
    'unmaskedSecrets[1]',
    'the name of no secret',
  ],
  [
    'a home larger than the memory that it is in',
    { repos: [REPO], resources: { memoryMb: 512, homeMb: 600 } },
    'resources.homeMb',
    'at most 512, the memory it is a part of',
  ],
  ['a standard input of neither kind', { ...CAT, stdin: {} }, 'stdin', 'either text or base64'],
  ['a standard input of both kinds', { ...CAT, stdin: { text: '', base64: '' } }, 'stdin', 'either text or base64'],
  ['a standard input that is a string', { ...CAT, stdin: 'hi' }, 'stdin', 'must be an object'],
  ['an unknown field of it', { ...CAT, stdin: { text: '', file: '' } }, 'stdin.file', 'not a known field'],
  ['half a character in it', { ...CAT, stdin: { text: '\ud800' } }, 'stdin.text', 'valid Unicode'],
  ['base64 without padding', { ...CAT, stdin: { base64: 'YQ' } }, 'stdin.base64', 'base64 with padding'],
  ['base64 for URLs', { ...CAT, stdin: { base64: '_-8=' } }, 'stdin.base64', 'base64 with padding'],
  [
    'text of more than 1 MiB',
    { ...CAT, stdin: { text: 'x'.repeat(MIB + 1) } },
    'stdin.text',
    'at most 1048576 bytes; this has 1048577',
  ],
  ['text of 1 MiB characters', { ...CAT, stdin: { text: 'ü'.repeat(MIB) } }, 'stdin.text', 'this has 2097152'],
  [
    'bytes of more than 1 MiB',
    { ...CAT, stdin: { base64: Buffer.alloc(MIB + 1).toString('base64') } },
    'stdin.base64',
    'at most 1048576 bytes; this has 1048577',
  ],
  ['a standard input for no command', { repos: [REPO], stdin: { text: 'hi' } }, 'stdin', 'needs a command'],
  [
    'a secret standard input that is no text',
    { ...CAT, stdin: { base64: '/w==', secret: true } },
    'stdin.base64',
    'must be UTF-8 text',
  ],
  [
    'a secret standard input that has, with the secrets, more than 256 KiB',
    { ...CAT, secrets: { A: 'xxxx' }, stdin: { text: 'x'.repeat(256 * 1024), secret: true } },
    'stdin.text',
    'at most 262144 bytes together with secrets, when it is secret; these have 262148',
  ],
  [
    'a secret standard input of more lines than can be looked for',
    { ...CAT, stdin: { base64: Buffer.from('line\n'.repeat(4_096)).toString('base64'), secret: true } },
    'stdin.base64',
    'at most 4096 lines together with secrets, when it is secret; these have 4097',
  ],
  ['no time at all', { repos: [REPO], timeoutSeconds: 0 }, 'timeoutSeconds', 'at least 1'],
  ['a fraction of a second', { repos: [REPO], timeoutSeconds: 1.5 }, 'timeoutSeconds', 'whole number'],
  ['too much time', { repos: [REPO], timeoutSeconds: 7_201 }, 'timeoutSeconds', 'at most 7200'],
  ['too much time in the end', { repos: [REPO], maxTimeoutSeconds: 7_201 }, 'maxTimeoutSeconds', 'at most 7200'],
  [
    'less time in the end than at first',
    { repos: [REPO], timeoutSeconds: 60, maxTimeoutSeconds: 59 },
    'maxTimeoutSeconds',
    'must not be below timeoutSeconds',
  ],
  ['too much memory', { repos: [REPO], resources: { memoryMb: 4_097 } }, 'resources.memoryMb', 'at most 4096'],
  ['too many cpus', { repos: [REPO], resources: { cpus: 5 } }, 'resources.cpus', 'at most 4'],
  ['too many processes', { repos: [REPO], resources: { pids: 5_000 } }, 'resources.pids', 'at most 4096'],
  ['too much disk', { repos: [REPO], resources: { diskMb: 99_999 } }, 'resources.diskMb', 'at most 16384'],
  ['an unknown resource', { repos: [REPO], resources: { gpus: 1 } }, 'resources.gpus', 'not a known field'],
  ['a network rule that is none', { repos: [REPO], network: { allow: ['http://x/'] } }, 'network.allow[0]', 'must '],
  [
    'different rules for pushes to one repo',
    {
      repos: [
        { ...REPO, push: {} },
        { ...REPO, path: 'other' },
      ],
      credentials: { delivery: 'gateway' },
    },
    'repos[1].push',
    'that of repos[0]',
  ],
  [
    'a pattern that no branch could have',
    { repos: [{ ...REPO, push: { branches: ['agent/../main'] } }], credentials: { delivery: 'gateway' } },
    'repos[0].push.branches[0]',
    'must not hold',
  ],
  ['a webhook', { repos: [REPO], webhook: { url: 'https://x', secret: 's' } }, 'webhook.secret', 'whsec_'],
  ['a priority beyond bounds', { repos: [REPO], priority: 1_001 }, 'priority', 'at most 1000'],
  ['metadata that is no string', { repos: [REPO], metadata: { a: 1 } }, 'metadata.a', 'must be a string'],
  ['a metadata key with a space', { repos: [REPO], metadata: { 'a b': '' } }, 'metadata.a b', 'must be a name'],
  [
    '33 entries of metadata',
    { repos: [REPO], metadata: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`k${i}`, ''])) },
    'metadata',
    'at most 32 entries',
  ],
];

test.each(BAD_FIELDS)('%s is refused with the path and the reason', async (_what, body, path, reason) => {
  const reply = await rig.call('POST', START, { body });
  expect(reply.status).toBe(422);
  expect(reply.headers.get('content-type')).toBe('application/problem+json');
  const code = path === 'image' ? 'image_not_allowed' : 'invalid_request';
  expect(reply.body).toMatchObject({ code, status: 422 });
  expect((reply.body as { errors: object[] }).errors).toContainEqual({
    path,
    message: expect.stringContaining(reason),
  });
});

test('everything that is wrong is said at once, and nothing is stored', async () => {
  const reply = await rig.call('POST', START, { body: { repos: [{ id: 'x', ref: '-' }], command: [], nope: 1 } });
  const { errors } = reply.body as { errors: { path: string }[] };
  expect(errors.map(({ path }) => path).toSorted()).toEqual(['command', 'nope', 'repos[0].id', 'repos[0].ref']);
  expect(await rig.redis.zcard(keys.sessions)).toBe(0);
});

describe('a body', () => {
  test('that is not JSON is answered 400 without being quoted', async () => {
    const reply = await rig.call('POST', START, { raw: '{"secrets": {"A": "hunter2hunter2"' });
    expect(reply).toMatchObject({ status: 400, body: { code: 'invalid_json' } });
    expect(JSON.stringify(reply.body)).not.toContain('hunter2');
  });

  test('that calls itself something else is answered 400, naming what to send', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const reply = await rig.call('POST', START, { raw: JSON.stringify({ repos: [REPO] }), headers });
    expect(reply).toMatchObject({ status: 400, body: { detail: expect.stringContaining('application/json') } });
  });

  test('over 3 MiB is answered 413, and over 1 MiB where it starts no session', async () => {
    for (const [path, bytes] of [
      [START, 3 * MIB],
      [`${START}/ses_none/stop`, MIB],
    ] as const) {
      const reply = await rig.call('POST', path, { body: { env: { A: 'x'.repeat(bytes) } } });
      expect(reply).toMatchObject({ status: 413, body: { code: 'body_too_large' } });
    }
  });

  test('whose rest is over 1 MiB beside a standard input is answered 413', async () => {
    const env = Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`A${i}`, 'x'.repeat(32_000)]));
    const reply = await rig.call('POST', START, { body: { ...CAT, env, stdin: { text: 'hi' } } });
    expect(reply).toMatchObject({
      status: 413,
      body: { code: 'body_too_large', detail: expect.stringContaining('Beside stdin') },
    });
    expect(await rig.redis.zcard(keys.sessions)).toBe(0);
  });

  test('of another shape than an object is answered 422', async () => {
    const reply = await rig.call('POST', START, { body: [] });
    expect(reply).toMatchObject({ status: 422, body: { errors: [{ path: '(body)', message: 'must be an object' }] } });
  });
});

describe('a key', () => {
  test.each([
    ['that is missing', null],
    ['that is unknown', 'dp_unknown-unknown-unknown'],
  ])('%s is answered 401 before the body is looked at', async (_what, key) => {
    const reply = await rig.call('POST', START, { key, raw: 'not json' });
    expect(reply).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
    expect(reply.headers.get('www-authenticate')).toContain('Bearer');
  });

  test('is needed for every call but /healthz and /readyz', async () => {
    const paths = [
      '/v1/sessions',
      '/v1/events',
      '/v1/stats',
      '/metrics',
      '/openapi.json',
      '/docs',
      '/healthz',
      '/readyz',
    ];
    const replies = await Promise.all(paths.map((path) => rig.call('GET', path, { key: null })));
    expect(replies.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 401, 200, 200]);
  });
});

describe('a path', () => {
  test.each(['/v1/nothing', '/v1/sessions/ses_none', '/v1/sessions/%ff', '/assets/..%2fpage.js'])(
    '%s that leads nowhere is answered 404',
    async (path) => {
      expect(await rig.call('GET', path)).toMatchObject({ status: 404 });
    },
  );

  test('with a method it does not take is answered 405 with those it does', async () => {
    const reply = await rig.call('PUT', START);
    expect(reply).toMatchObject({ status: 405, body: { code: 'method_not_allowed' } });
    expect(reply.headers.get('allow')).toBe('POST, GET');
  });
});

test('the request id of a client comes back in the header and in the problem', async () => {
  const reply = await rig.call('GET', '/v1/sessions/ses_none', { headers: { 'x-request-id': 'mine-1' } });
  expect(reply.headers.get('x-request-id')).toBe('mine-1');
  expect(reply.body).toEqual({
    type: 'urn:daypass:problem:not_found',
    title: 'Not found',
    status: 404,
    detail: 'There is no session ses_none.',
    code: 'not_found',
    instance: 'urn:daypass:request:mine-1',
  });
});

test('a secret standard input too short to be masked is refused as such', async () => {
  const reply = await rig.call('POST', START, { body: { ...CAT, stdin: { text: 'abc\n', secret: true } } });
  expect(reply).toMatchObject({ status: 422, body: { code: 'secret_too_short', errors: [{ path: 'stdin' }] } });
});

test.each(['a', 'abc', 'abc\n', ' \u{1f511} '])(
  'a secret too short to be masked, as %j, is refused unless it is named',
  async (PIN) => {
    const body = { repos: [REPO], secrets: { PIN, OTHER: 'long enough' } };
    const refused = await rig.call('POST', START, { body });
    expect(refused).toMatchObject({
      status: 422,
      body: {
        code: 'secret_too_short',
        errors: [{ path: 'secrets.PIN', message: expect.stringContaining('unmaskedSecrets') }],
      },
    });
    expect(JSON.stringify(refused.body)).not.toContain(JSON.stringify(PIN));
    expect((await rig.call('POST', START, { body: { ...body, unmaskedSecrets: ['PIN', 'OTHER'] } })).status).toBe(201);
  },
);

test('a secret of four characters is masked, and one that is empty needs no mask', async () => {
  const body = { repos: [REPO], secrets: { A: 'abcd', B: '', C: ' \n' } };
  expect((await rig.call('POST', START, { body })).status).toBe(201);
});

test('what every object has is the name of no secret', async () => {
  const body = { repos: [REPO], secrets: { A: 'long enough' }, unmaskedSecrets: ['toString'] };
  expect(await rig.call('POST', START, { body })).toMatchObject({ status: 422, body: { code: 'invalid_request' } });
});

test('as many secrets as fit are taken, and forty of 32 KiB refused with what is allowed', async () => {
  const secrets = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`S${i}`, 'x'.repeat(32_768)]));
  expect((await rig.call('POST', START, { body: { repos: [REPO], secrets: secrets(8) } })).status).toBe(201);
  const many = await rig.call('POST', START, { body: { repos: [REPO], secrets: secrets(40) } });
  expect(many.status).toBeOneOf([413, 422]);
  expect(JSON.stringify(many.body)).toMatch(/at most \d+ bytes/);
});
