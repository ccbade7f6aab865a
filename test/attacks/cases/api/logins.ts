import { wrongIn, type Attack } from '../../attack.ts';
import { rawHttp } from '../../rig/raw-http.ts';
import { keyOf } from './requests.ts';

const area = 'api';

/** A browser that has logged in, in the hands of somebody else's page. */
export const LOGINS: Attack[] = [
  {
    name: 'a login of the dashboard serves no page but the dashboard',
    area,
    must: 'With the cookie alone, from another origin, site or host name, or with a wrong CSRF token, nothing is read, started or stopped.',
    async run(arena, underWay) {
      underWay();
      const { stack, victim } = arena;
      const { host, origin } = new URL(stack.apiUrl);
      /** Exactly these headers: clients of HTTP would not send some of them. */
      const send = async (
        method: string,
        path: string,
        headers: Record<string, string>,
        body = '',
      ): Promise<string> => {
        const lines = Object.entries({ host, 'content-length': `${body.length}`, connection: 'close', ...headers });
        const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
        return rawHttp(stack.apiUrl, `${method} ${path} HTTP/1.1\r\n${head}\r\n${body}`);
      };
      const json = { 'content-type': 'application/json' };
      const ours = { origin, 'sec-fetch-site': 'same-origin' };
      const login = await send('POST', '/login', { ...json, ...ours }, JSON.stringify({ key: keyOf(arena) }));
      const cookie = /^set-cookie: (__Host-daypass=[\w-]+);/im.exec(login)?.[1] ?? '';
      const csrf = /"csrfToken":"([\w-]+)"/.exec(login)?.[1] ?? '';
      const read = await send('GET', '/v1/sessions', { cookie, ...ours });
      if (!read.startsWith('HTTP/1.1 200')) return [`the login itself is worth nothing: ${read.slice(0, 80)}`];

      const stop = `/v1/sessions/${victim.id}/stop`;
      const others: Record<string, Record<string, string>> = {
        'the cookie alone': {},
        'another origin': { ...ours, origin: 'https://evil.test', 'x-csrf-token': csrf },
        'an opaque origin': { ...ours, origin: 'null', 'x-csrf-token': csrf },
        'another port of this host': { ...ours, origin: 'http://127.0.0.1:1', 'x-csrf-token': csrf },
        'another site': { 'sec-fetch-site': 'cross-site', 'x-csrf-token': csrf },
        'a sister site': { 'sec-fetch-site': 'same-site', 'x-csrf-token': csrf },
        'another name of this host': { ...ours, host: 'evil.test', origin: 'http://evil.test', 'x-csrf-token': csrf },
        'no CSRF token': ours,
        'a wrong CSRF token': { ...ours, 'x-csrf-token': `${csrf.slice(0, -1)}~` },
      };
      const wrong: string[] = [];
      for (const [what, headers] of Object.entries(others)) {
        const answer = await send('POST', stop, { cookie, ...json, ...headers }, '{}');
        if (!/^HTTP\/1\.1 4(03|21) /.test(answer)) wrong.push(`${what}: ${answer.slice(0, 80)}`);
        if (/CSRF/i.test(what)) continue;
        const seen = await send('GET', '/v1/sessions', { cookie, ...headers });
        if (!/^HTTP\/1\.1 4(03|21) /.test(seen)) wrong.push(`${what}, to read: ${seen.slice(0, 80)}`);
      }
      const out = await send('POST', '/logout', { cookie, ...ours, 'x-csrf-token': csrf });
      const after = await send('GET', '/v1/sessions', { cookie, ...ours });
      return [
        ...wrong,
        ...wrongIn(
          [out.startsWith('HTTP/1.1 204'), `logging out is answered ${out.slice(0, 80)}`],
          [after.startsWith('HTTP/1.1 401'), `after that the cookie is answered ${after.slice(0, 80)}`],
        ),
      ];
    },
  },
];
