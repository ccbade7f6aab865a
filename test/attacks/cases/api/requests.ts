import { randomUUID } from 'node:crypto';
import { wrongIn, type Attack } from '../../attack.ts';
import { createRepo, settled } from '../../../scenarios/session.ts';
import type { Arena } from '../../rig/arena.ts';
import { rawHttp } from '../../rig/raw-http.ts';

/** One request, and the statuses that are right for it. */
interface Call {
  method?: string;
  path: string;
  body?: unknown;
  /** Sent as it is, in the place of `body`. */
  raw?: string;
  headers?: Record<string, string>;
  expect: number[];
}

interface OverApi {
  name: string;
  must: string;
  calls: (arena: Arena) => Call[] | Promise<Call[]>;
  /** Looks at the answers besides. */
  holds?: (answers: { call: Call; text: string; headers: Headers }[], arena: Arena) => string[] | Promise<string[]>;
}

/** An attack by requests with a valid key. */
function overApi({ name, must, calls, holds }: OverApi): Attack {
  return {
    name,
    area: 'api',
    must,
    async run(arena, underWay) {
      underWay();
      const wrong: string[] = [];
      const answers = [];
      for (const call of await calls(arena)) {
        const { method = 'GET', path, body, raw, headers = {}, expect } = call;
        const response = await fetch(arena.stack.apiUrl + path, {
          method,
          headers: { authorization: `Bearer ${keyOf(arena)}`, 'content-type': 'application/json', ...headers },
          ...(method !== 'GET' && { body: raw ?? JSON.stringify(body ?? {}) }),
          redirect: 'manual',
        });
        const text = await response.text();
        answers.push({ call, text, headers: response.headers });
        if (!expect.includes(response.status)) {
          wrong.push(
            `${method} ${path.slice(0, 80)} ${(raw ?? JSON.stringify(body) ?? '').slice(0, 80)} is answered ${response.status}: ${text.slice(0, 200)}`,
          );
        }
        if (/node_modules|\bat \S+ \(|ReplyError|\/src\/api\//.test(text))
          wrong.push(`${path.slice(0, 80)} tells of our insides: ${text.slice(0, 200)}`);
      }
      return [...wrong, ...((await holds?.(answers, arena)) ?? [])];
    },
  };
}

export const keyOf = ({ stack }: Arena): string => stack.env['DAYPASS_API_KEYS']?.split(':')[1] ?? '';

const ANY_REPO = { id: '00000000-0000-4000-8000-000000000001' };
const deep = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
const START = { method: 'POST', path: '/v1/sessions' } as const;

/** Requests that say more, or other things, than they should. */
export const REQUESTS: Attack[] = [
  {
    name: 'without a key, or with nearly the right one, there is no answer but 401',
    area: 'api',
    must: 'Every call of the OpenAPI document that needs a key is refused without one.',
    async run(arena, underWay) {
      underWay();
      const { stack, victim } = arena;
      const key = keyOf(arena);
      const { paths } = (await (await stack.call('GET', '/openapi.json')).json()) as { paths: Record<string, object> };
      const calls = Object.entries(paths)
        .filter(([path]) => path.startsWith('/v1/'))
        .flatMap(([path, methods]) =>
          Object.keys(methods).map((method) => [method.toUpperCase(), path.replace('{id}', victim.id)] as const),
        );
      const credentials = [
        undefined,
        '',
        'Bearer',
        'Bearer ',
        `Bearer ${key}x`,
        `Bearer ${key.slice(0, -1)}`,
        `Bearer ${key.toUpperCase()}`,
        `Basic ${btoa(`x:${key}`)}`,
        key,
        `Bearer dp_${'a'.repeat(8_000)}`,
        'Bearer undefined',
        'Bearer __proto__',
      ];
      const wrong: string[] = [];
      for (const [method, path] of calls) {
        for (const authorization of credentials) {
          const { status } = await fetch(stack.apiUrl + path, {
            method,
            headers: { ...(authorization !== undefined && { authorization }), 'content-type': 'application/json' },
            ...(method !== 'GET' && { body: '{}' }),
          });
          if (status !== 401 && status !== 429)
            wrong.push(`${method} ${path} with ${authorization?.slice(0, 40)} is answered ${status}`);
        }
      }
      return wrongIn(
        [calls.length > 10, 'there are hardly any calls'],
        ...wrong.map((text): [boolean, string] => [false, text]),
      );
    },
  },
  overApi({
    name: 'bodies too large, too deep or no JSON at all are refused quickly',
    must: '400, 413 or 422, and the API goes on.',
    calls: () => [
      { ...START, raw: JSON.stringify({ repos: [ANY_REPO], command: ['x'.repeat(3_000_000)] }), expect: [422] },
      { ...START, raw: JSON.stringify({ repos: [ANY_REPO], command: ['x'.repeat(4_000_000)] }), expect: [413] },
      { ...START, raw: deep(100_000), expect: [400, 422] },
      { ...START, raw: `{"repos":${'['.repeat(50_000)}${']'.repeat(50_000)}}`, expect: [400, 422] },
      {
        ...START,
        raw: `{"metadata":{${Array.from({ length: 20_000 }, (_, i) => `"k${i}":"v"`).join(',')}}}`,
        expect: [422],
      },
      { ...START, raw: '{"repos":1e9999}', expect: [400, 422] },
      { ...START, raw: `{"timeoutSeconds":${'9'.repeat(100_000)}}`, expect: [400, 422] },
      { ...START, raw: '', expect: [400, 422] },
      { ...START, raw: 'null', expect: [400, 422] },
      { ...START, raw: '"x"', expect: [400, 422] },
      { ...START, raw: '[{}]', expect: [400, 422] },
      { ...START, raw: '{"a":1}\u0000', expect: [400] },
      {
        ...START,
        raw: '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
        headers: { 'content-type': 'application/xml' },
        expect: [400, 415],
      },
      { ...START, raw: 'x', headers: { 'content-encoding': 'gzip' }, expect: [400, 415] },
      { ...START, raw: 'x', headers: { 'content-encoding': 'br' }, expect: [400, 415] },
      { ...START, raw: '{}', headers: { 'content-type': 'application/json; charset=utf-7' }, expect: [400, 415, 422] },
    ],
  }),
  overApi({
    name: 'prototype names and unknown fields are refused, and change nothing',
    must: '422 with the path, and no object of the API has a new property.',
    calls: () => [
      {
        ...START,
        raw: '{"__proto__":{"polluted":true},"repos":[{"id":"00000000-0000-4000-8000-000000000001"}],"command":[]}',
        expect: [422],
      },
      { ...START, raw: '{"constructor":{"prototype":{"polluted":true}},"repos":[]}', expect: [422] },
      { ...START, body: { repos: [ANY_REPO], docker: { Privileged: true } }, expect: [422] },
      { ...START, body: { repos: [ANY_REPO], HostConfig: { Binds: ['/:/host'] } }, expect: [422] },
      { ...START, body: { repos: [{ ...ANY_REPO, url: 'file:///etc' }] }, expect: [422] },
      { ...START, body: { repos: [ANY_REPO], resources: { memoryMb: -1 } }, expect: [422] },
      { ...START, body: { repos: [ANY_REPO], resources: { cpus: 1e308 } }, expect: [422] },
      {
        ...START,
        raw: '{"repos":[{"id":"00000000-0000-4000-8000-000000000001"}],"metadata":{"__proto__":"x"},"command":[]}',
        expect: [422],
      },
      {
        ...START,
        raw: '{"repos":[{"id":"00000000-0000-4000-8000-000000000001"}],"env":{"__proto__":"x"},"command":[]}',
        expect: [422],
      },
      { path: '/v1/sessions?__proto__=x', expect: [200, 422] },
      { path: '/v1/sessions?metadata.__proto__=x', expect: [200, 422] },
      { path: '/v1/sessions?metadata.constructor=x', expect: [200, 422] },
      { path: '/v1/sessions?status=__proto__', expect: [422] },
      { path: '/v1/tokens?state=constructor', expect: [422] },
    ],
    holds: (answers) =>
      wrongIn([answers.every(({ text }) => !text.includes('"polluted":true')), 'an answer is polluted']),
  }),
  overApi({
    name: 'variables that would take over git, the loader, the token or the proxy are refused',
    must: '422 in env and in secrets, in every spelling.',
    calls: () =>
      ['env', 'secrets'].flatMap((field) =>
        [
          'REPO_TOKEN',
          'RELACE_API_KEY',
          'DAYPASS_SESSION_ID',
          'GIT_SSH_COMMAND',
          'GIT_CONFIG_COUNT',
          'LD_PRELOAD',
          'LD_AUDIT',
          'http_proxy',
          'HTTPS_PROXY',
          'No_Proxy',
          'ALL_PROXY',
          'A=B',
          '',
          'A\0B',
          'A\nB',
          '1A',
        ].map((name): Call => ({
          ...START,
          body: { repos: [ANY_REPO], [field]: { [name]: 'x' } },
          expect: [422],
        })),
      ),
  }),
  overApi({
    name: 'ids, cursors and file names lead nowhere but to what they name',
    must: 'Traversal, NULs and wildcards are 404 or 422, and no file is served but the page’s.',
    calls: ({ victim }) => [
      ...[
        '..%2f..%2f..%2fetc%2fpasswd',
        '%2e%2e',
        '..%5c..',
        'ses_*',
        'ses_%00',
        '%ff',
        'ses_[a-z]',
        `${victim.id}%2f..%2f${victim.id}`,
        'a'.repeat(3_000),
        '%0d%0aX:%20y',
      ].flatMap((id): Call[] => [
        { path: `/v1/sessions/${id}`, expect: [404, 422, 414, 400] },
        { path: `/v1/sessions/${id}/logs`, expect: [404, 422, 414, 400] },
        { method: 'POST', path: `/v1/tokens/${id}/revoke`, expect: [404, 422, 414, 400] },
      ]),
      ...[
        '../package.json',
        '..%2fpackage.json',
        '%2e%2e/%2e%2e/.env.example',
        'index.html%00.js',
        '....//config.ts',
        '/etc/passwd',
        'page.js/../../config.ts',
      ].map((name): Call => ({ path: `/assets/${name}`, expect: [404, 400] })),
      { path: '/v1/sessions?limit=1000000000', expect: [422] },
      { path: '/v1/sessions?limit=-1', expect: [422] },
      { path: '/v1/sessions?cursor=%00%ff', expect: [200, 400, 404, 422] },
      { path: `/v1/sessions?cursor=${btoa('{"a":1}')}`, expect: [200, 422] },
      { path: `/v1/sessions/${victim.id}/logs?after=-1`, expect: [422] },
      { path: `/v1/sessions/${victim.id}/logs?after=${'9'.repeat(400)}`, expect: [422] },
      { path: `/v1/sessions/${victim.id}/logs?stream=../x`, expect: [422] },
    ],
  }),
  overApi({
    name: 'another method than the call’s is 405, whatever headers say about it',
    must: 'No override, no TRACE, and nothing is deleted by a GET.',
    calls: ({ victim }) => [
      { path: `/v1/sessions/${victim.id}/stop`, expect: [405] },
      { path: `/v1/sessions/${victim.id}?_method=DELETE`, expect: [200, 422] },
      {
        method: 'POST',
        path: `/v1/sessions/${victim.id}`,
        headers: { 'x-http-method-override': 'DELETE' },
        expect: [405],
      },
      {
        path: `/v1/sessions/${victim.id}`,
        headers: { 'x-http-method-override': 'DELETE', 'x-method-override': 'DELETE' },
        expect: [200],
      },
      { method: 'PUT', path: `/v1/sessions/${victim.id}`, expect: [405] },
      { method: 'OPTIONS', path: '/v1/sessions', expect: [405, 404, 401, 204] },
      { method: 'DELETE', path: `/v1/sessions/${victim.id}`, expect: [409] },
      { method: 'PROPFIND', path: '/v1/sessions', expect: [405, 404] },
    ],
  }),
  {
    name: 'the same key of a request, sent thirty times at once, starts one session',
    area: 'api',
    must: 'One id for all, and another body under that key is 409.',
    async run({ stack }, underWay) {
      underWay();
      const repoId = await createRepo(stack);
      const body = { repos: [{ id: repoId }], command: ['true'] };
      const headers = { 'Idempotency-Key': randomUUID() };
      const answers = await Promise.all(
        Array.from({ length: 30 }, async () => {
          const response = await stack.call('POST', '/v1/sessions', body, headers);
          return { status: response.status, id: ((await response.json()) as { id?: string }).id };
        }),
      );
      const ids = new Set(answers.flatMap(({ id }) => id ?? []));
      const other = await stack.call('POST', '/v1/sessions', { ...body, command: ['false'] }, headers);
      for (const id of ids) await settled(stack, id);
      return wrongIn(
        [ids.size === 1, `${ids.size} sessions were started`],
        [
          answers.every(({ status }) => [200, 201].includes(status)),
          `answered ${[...new Set(answers.map(({ status }) => status))].join()}`,
        ],
        [other.status === 409, `another body is answered ${other.status}`],
      );
    },
  },
  overApi({
    name: 'patterns that take for ever to match are answered at once',
    must: 'Refs, paths, hosts and names built for backtracking cost the API nothing.',
    calls: () => {
      const evil = [
        'a-'.repeat(140),
        `${'a.'.repeat(140)}!`,
        '*.'.repeat(140),
        '-'.repeat(290),
        `${'a'.repeat(299)}:`,
        '1'.repeat(300),
      ];
      return [
        ...evil.map((rule): Call => ({
          ...START,
          body: { repos: [ANY_REPO], network: { allow: [rule] } },
          expect: [422],
        })),
        ...evil.map((ref): Call => ({ ...START, body: { repos: [{ ...ANY_REPO, ref: `${ref}~` }] }, expect: [422] })),
        { ...START, body: { repos: [ANY_REPO], metadata: { ['a'.repeat(100_000)]: 'x' } }, expect: [422] },
        { ...START, body: { repos: [ANY_REPO], image: `${'a/'.repeat(120)}!` }, expect: [422] },
        {
          ...START,
          body: { repos: [ANY_REPO] },
          headers: { authorization: `Bearer ${' '.repeat(8_000)}x` },
          expect: [401, 429],
        },
        {
          ...START,
          body: { repos: [ANY_REPO] },
          headers: { 'content-type': `application/${'+json'.repeat(1_000)}x` },
          expect: [400, 415],
        },
      ];
    },
  }),
  overApi({
    name: 'what a client writes comes back as data and never as a header or a page',
    must: 'Request ids, metadata and errors hold no line break of a header and no markup that a browser would run.',
    calls: async ({ stack }) => {
      const repoId = await createRepo(stack);
      const markup = '"><script>alert(1)</script>';
      return [
        { path: '/v1/stats', headers: { 'x-request-id': '<script>' }, expect: [200] },
        { path: '/v1/stats', headers: { 'x-request-id': 'a'.repeat(5_000) }, expect: [200] },
        {
          ...START,
          body: { repos: [{ id: repoId }], command: ['true'], metadata: { markup, crlf: 'a\r\nSet-Cookie: x=y' } },
          expect: [201],
        },
        { path: `/${encodeURIComponent(markup)}`, headers: { accept: 'text/html' }, expect: [404] },
        {
          path: `/v1/sessions?metadata.markup=${encodeURIComponent(markup)}`,
          headers: { accept: 'text/html' },
          expect: [200],
        },
      ];
    },
    holds: (answers) =>
      answers.flatMap(({ call, headers }) => [
        ...wrongIn(
          [!/html/.test(headers.get('content-type') ?? ''), `${call.path} is answered as a page`],
          [headers.get('x-content-type-options') === 'nosniff', `${call.path} may be sniffed`],
          [headers.get('set-cookie') === null, `${call.path} sets a cookie`],
          [
            /^[\w.-]{1,64}$/.test(headers.get('x-request-id') ?? ''),
            `the request id of ${call.path} is ${headers.get('x-request-id')?.slice(0, 80)}`,
          ],
        ),
      ]),
  }),
  {
    name: 'two requests cannot be made of one by disagreeing about its end',
    area: 'api',
    must: 'Double lengths, two framings, bare line feeds and obsolete folding are refused.',
    async run(arena, underWay) {
      underWay();
      const { stack, victim } = arena;
      const auth = `Host: x\r\nAuthorization: Bearer ${keyOf(arena)}\r\nContent-Type: application/json\r\n`;
      const hidden = `POST /v1/sessions/${victim.id}/stop HTTP/1.1\r\n${auth}Content-Length: 2\r\n\r\n{}`;
      const answers = [];
      for (const head of [
        `POST /v1/sessions HTTP/1.1\r\n${auth}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
        `POST /v1/sessions HTTP/1.1\r\n${auth}Content-Length: 2\r\nContent-Length: 200\r\n\r\n{}`,
        `POST /v1/sessions HTTP/1.1\r\n${auth}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
        `POST /v1/sessions HTTP/1.1\r\n${auth}X: a\r\n Content-Length: 2\r\n\r\n`,
        `POST /v1/sessions HTTP/1.1\r\n${auth}Content-Length : 2\r\n\r\n{}`,
        `GET /v1/stats HTTP/1.1\n${auth.replaceAll('\r\n', '\n')}X\0Y: z\n\n`,
      ]) {
        answers.push(
          await rawHttp(
            stack.apiUrl,
            `${head}${head.includes('Content-Length: 4') ? hidden.replace('POST', 'GPOST') : ''}`,
            1_000,
          ),
        );
      }
      // Every one of them is answered once, as a mistake.
      return answers
        .map((answer) => answer.split('\r\n')[0] ?? '')
        .filter((line) => !/ 4\d\d /.test(line))
        .map((line) => `one is answered ${line || 'nothing'}`);
    },
  },
];
