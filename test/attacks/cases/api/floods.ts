import { wrongIn, type Attack } from '../../attack.ts';
import { createRepo } from '../../../scenarios/session.ts';
import { rawHttp, silentConnections } from '../../rig/raw-http.ts';
import { keyOf } from './requests.ts';

const area = 'api';
const PROMPT_MS = 2_000;

const CUT_WITHIN_MS = 10_000;

/** Whether the API answers a plain call promptly. */
const answersPromptly = (url: string): Promise<boolean> => answersWithin(url, PROMPT_MS);

async function answersWithin(url: string, timeoutMs: number): Promise<boolean> {
  const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(timeoutMs) }).catch(() => null);
  return response?.status === 200;
}

/** Too much of everything, and callers from elsewhere. */
export const FLOODS: Attack[] = [
  {
    name: 'three hundred connections that never finish their request hold nobody up',
    area,
    must: 'The API answers others promptly meanwhile.',
    async run({ stack }, underWay) {
      await using slow = new AsyncDisposableStack();
      slow.use(silentConnections(stack.apiUrl, 150, 'GET /v1/sessions HTTP/1.1\r\nHost: x\r\nX-Slow: '));
      const body = 'Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{';
      slow.use(silentConnections(stack.apiUrl, 150, `POST /v1/sessions HTTP/1.1\r\nHost: x\r\n${body}`));
      underWay();
      return wrongIn([await answersPromptly(stack.apiUrl), 'the API does not answer promptly']);
    },
  },
  {
    name: 'a thousand followers of events are bounded, and others are answered',
    area,
    must: 'Beyond the limit 429 or 503; every other call goes on.',
    alone: true,
    async run(arena, underWay) {
      const { stack } = arena;
      const leaving = new AbortController();
      const headers = { authorization: `Bearer ${keyOf(arena)}`, accept: 'text/event-stream' };
      try {
        const statuses = await Promise.all(
          Array.from(
            { length: 1_000 },
            async () =>
              (await fetch(`${stack.apiUrl}/v1/events`, { headers, signal: leaving.signal }).catch(() => null))?.status,
          ),
        );
        underWay();
        const refused = statuses.filter((status) => status === 429 || status === 503).length;
        return wrongIn(
          [refused >= 100, `only ${refused} of a thousand were refused`],
          [
            statuses.every((status) => status === undefined || [200, 429, 503].includes(status)),
            'some were answered otherwise',
          ],
          [await answersPromptly(stack.apiUrl), 'the API does not answer promptly'],
        );
      } finally {
        leaving.abort();
      }
    },
  },
  {
    name: 'bodies in chunks of a byte are cut off, with a key and without',
    area,
    must: 'Whether a call reads its body or not: each connection ends, and the API answers others meanwhile.',
    alone: true,
    async run(arena, underWay) {
      const { stack } = arena;
      const body = `${'1\r\nx\r\n'.repeat(120_000)}0\r\n\r\n`;
      const key = `Authorization: Bearer ${keyOf(arena)}\r\n`;
      const heads = [`POST /v1/sessions HTTP/1.1\r\n${key}`, `GET /v1/sessions HTTP/1.1\r\n${key}`]
        .concat('POST / HTTP/1.1\r\n', 'GET / HTTP/1.1\r\n')
        .map((head) => `${head}Host: 127.0.0.1\r\nContent-Type: application/json\r\n`);
      const sending = Array.from({ length: 64 }, (_, at) =>
        rawHttp(stack.apiUrl, `${heads[at % heads.length]}Transfer-Encoding: chunked\r\n\r\n${body}`, CUT_WITHIN_MS),
      );
      underWay();
      const answersBeside = await answersWithin(stack.apiUrl, CUT_WITHIN_MS);
      const answers = await Promise.all(sending);
      // A connection that is cut before the answer can be read was refused as well.
      const odd = answers.filter((answer) => answer !== '' && !/^HTTP\/1\.1 (200|30[23]|4)/.test(answer));
      return wrongIn(
        [answersBeside, `the API answers nothing else for ${CUT_WITHIN_MS / 1_000} s`],
        [odd.length === 0, `answered ${odd[0]?.slice(0, 80)}`],
        [await answersPromptly(stack.apiUrl), 'the API does not answer promptly afterwards'],
      );
    },
  },
  {
    name: 'headers without an end are refused',
    area,
    must: 'A megabyte of headers is 431, and so is a megabyte of address.',
    async run({ stack }, underWay) {
      underWay();
      const answers = [
        await rawHttp(stack.apiUrl, `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(1_000_000)}\r\n\r\n`),
        await rawHttp(stack.apiUrl, `GET /${'a'.repeat(1_000_000)} HTTP/1.1\r\nHost: x\r\n\r\n`),
        await rawHttp(stack.apiUrl, `GET / HTTP/1.1\r\nHost: x\r\n${'X: y\r\n'.repeat(50_000)}\r\n`),
      ];
      // A connection that is reset before the answer can be read was refused as well.
      return answers
        .filter((answer) => answer !== '' && !/^HTTP\/1\.1 4(31|14|00)/.test(answer))
        .map((answer) => `answered ${answer.slice(0, 80)}`);
    },
  },
  {
    name: 'a page of another origin can neither read an answer nor start a session',
    area,
    must: 'No Access-Control-Allow-* for it, no preflight that says yes, and a form’s body is refused.',
    async run(arena, underWay) {
      underWay();
      const { stack } = arena;
      const origin = { origin: 'https://evil.test' };
      const read = await stack.call('GET', '/v1/sessions', undefined, origin);
      const preflight = await fetch(`${stack.apiUrl}/v1/sessions`, {
        method: 'OPTIONS',
        headers: {
          ...origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization,content-type',
        },
      });
      const form = await fetch(`${stack.apiUrl}/v1/sessions`, {
        method: 'POST',
        headers: { ...origin, authorization: `Bearer ${keyOf(arena)}`, 'content-type': 'text/plain' },
        body: JSON.stringify({ repos: [{ id: arena.victim.repoId }] }),
      });
      const allowing = [read, preflight, form].filter(({ headers }) => headers.has('access-control-allow-origin'));
      return wrongIn(
        [allowing.length === 0, 'another origin is allowed'],
        [form.status >= 400 && form.status < 500, `a form’s body is answered ${form.status}`],
      );
    },
  },
  {
    name: 'a webhook cannot be pointed at the inside',
    area,
    must: 'Private, metadata and odd addresses are refused, or at least never asked.',
    async run({ stack, canary }, underWay) {
      underWay();
      const repoId = await createRepo(stack);
      const before = canary.seen().length;
      const urls = [
        `http://127.0.0.1:${canary.port}/`,
        `https://127.0.0.1:${canary.port}/`,
        `http://localhost:${canary.port}/`,
        `http://[::1]:${canary.port}/`,
        `http://0x7f.1:${canary.port}/`,
        `http://[::ffff:127.0.0.1]:${canary.port}/`,
        'http://169.254.169.254/latest/meta-data/',
        'https://169.254.169.254/',
        'file:///etc/passwd',
        'gopher://127.0.0.1:6379/_FLUSHALL',
        'javascript:alert(1)',
        'data:text/html,x',
        `https://user:pass@127.0.0.1:${canary.port}/`,
        'not a url',
        `https://${'a'.repeat(5_000)}.test/`,
        'https://x.test:22/\r\nX: y',
      ];
      const statuses = await Promise.all(
        urls.map(async (url) => {
          const body = {
            repos: [{ id: repoId }],
            command: ['true'],
            webhook: { url, secret: 'whsec_b2J2aW91c2x5LWZha2Utc2VjcmV0LW9mLWEtdGVzdA==' },
          };
          return [url, (await stack.call('POST', '/v1/sessions', body)).status] as const;
        }),
      );
      return wrongIn(
        [canary.seen().length === before, `the canary saw ${canary.seen().slice(before).join('; ')}`],
        ...statuses.map(([url, status]): [boolean, string] => [
          status === 422,
          `${url.slice(0, 60)} is answered ${status}`,
        ]),
      );
    },
  },
];
