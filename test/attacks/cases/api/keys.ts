import { wrongIn, type Attack } from '../../attack.ts';
import { createRepo, settled } from '../../../scenarios/session.ts';
import { openSse } from '../../../support/sse-client.ts';
import type { Arena } from '../../rig/arena.ts';

const area = 'api';

interface MadeKey {
  id: string;
  key: string;
}

async function makeKey({ stack }: Arena, fields: object): Promise<MadeKey> {
  const response = await stack.call('POST', '/v1/api-keys', { name: 'an attacker', scopes: ['start'], ...fields });
  if (response.status !== 201) throw new Error(`no key was made: ${response.status} ${await response.text()}`);
  return (await response.json()) as MadeKey;
}

/** A caller of the API with that key. */
function callerWith({ stack }: Arena, { key }: MadeKey) {
  return (method: string, path: string, body?: unknown): Promise<Response> =>
    stack.call(method, path, body, { authorization: `Bearer ${key}` });
}

/** Keys that want more than they were made for. */
export const KEYS: Attack[] = [
  {
    name: 'a key cannot put its sessions before those of others',
    area,
    must: 'A priority above the key’s own highest is refused, by whatever number.',
    async run(arena, underWay) {
      underWay();
      const call = callerWith(arena, await makeKey(arena, {}));
      const repos = [{ id: await createRepo(arena.stack) }];
      const wrong: string[] = [];
      for (const priority of [1, 100, 2_097_152, 1e21, 0.5, '1', null]) {
        const { status } = await call('POST', '/v1/sessions', { repos, command: ['true'], priority });
        if (status !== 422) wrong.push(`a session of priority ${JSON.stringify(priority)} is answered ${status}`);
      }
      return wrong;
    },
  },
  {
    name: 'the sessions of another key are not there',
    area,
    must: 'Every call on the victim’s session is the very 404 of an unknown one, and no list or stream shows it.',
    async run(arena, underWay) {
      underWay();
      const call = callerWith(arena, await makeKey(arena, {}));
      const { id } = arena.victim;
      const unknown = 'ses_000000000000000000000';
      const calls: [string, string, unknown?][] = [
        ['GET', ''],
        ['GET', '/logs'],
        ['GET', '/events'],
        ['GET', '/receipt'],
        ['POST', '/stop', {}],
        ['POST', '/extend', { timeoutSeconds: 60 }],
        ['PATCH', '/network', { allow: [] }],
        ['DELETE', ''],
      ];
      const wrong: string[] = [];
      for (const [method, part, body] of calls) {
        const [there, not] = await Promise.all([
          call(method, `/v1/sessions/${id}${part}`, body),
          call(method, `/v1/sessions/${unknown}${part}`, body),
        ]);
        const [said, saidOfNone] = [await there.text(), await not.text()].map((text) =>
          text.replaceAll(/req_[\w-]+/g, '').replaceAll(/ses_[\w-]+/g, ''),
        );
        if (there.status !== 404 || said !== saidOfNone)
          wrong.push(`${method} ${part}: ${there.status} ${said}; of none: ${saidOfNone}`);
      }
      for (const path of [
        '/v1/sessions',
        '/v1/sessions?metadata.who=victim',
        '/v1/tokens',
        '/v1/sessions?status=running',
      ]) {
        const response = await call('GET', path);
        if (response.status === 200 && (await response.text()).includes(id)) wrong.push(`${path} shows it`);
      }
      return wrong;
    },
  },
  {
    name: 'a key that may start sessions may not operate the service',
    area,
    must: '403 to keys, audit, metrics, workers’ and kill-switch calls, and no way to a larger key.',
    async run(arena, underWay) {
      underWay();
      const call = callerWith(arena, await makeKey(arena, {}));
      const calls: [string, string, unknown?][] = [
        ['POST', '/v1/api-keys', { name: 'more', scopes: ['operate'] }],
        ['POST', '/v1/api-keys', { name: 'same', scopes: ['start'] }],
        ['GET', '/v1/api-keys'],
        ['GET', '/v1/audit'],
        ['GET', '/metrics'],
      ];
      const answers = await Promise.all(
        calls.map(
          async ([method, path, body]) => [`${method} ${path}`, (await call(method, path, body)).status] as const,
        ),
      );
      return wrongIn(
        ...answers.map(([what, status]): [boolean, string] => [
          [403, 404].includes(status),
          `${what} is answered ${status}`,
        ]),
      );
    },
  },
  {
    name: 'a key for one repo starts no session on another',
    area,
    must: 'The victim’s repo is refused at the POST, and its own is not.',
    async run(arena, underWay) {
      underWay();
      const repoId = await createRepo(arena.stack);
      const call = callerWith(arena, await makeKey(arena, { repos: [repoId] }));
      const start = (repos: string[]): Promise<Response> =>
        call('POST', '/v1/sessions', { repos: repos.map((id) => ({ id })), command: ['true'] });
      const other = await start([arena.victim.repoId]);
      const both = await start([repoId, arena.victim.repoId]);
      const shouted = await start([arena.victim.repoId.toUpperCase()]);
      const own = await start([repoId]);
      if (own.status === 201) await settled(arena.stack, ((await own.json()) as { id: string }).id);
      return wrongIn(
        [own.status === 201, `its own repo is answered ${own.status}`],
        ...[other, both, shouted].map(({ status }): [boolean, string] => [
          [403, 404, 422].includes(status),
          `the victim’s repo is answered ${status}`,
        ]),
      );
    },
  },
  {
    name: 'a key that is revoked is over at once, its open streams too',
    area,
    must: '401 from then on, and a follower is cut.',
    async run(arena, underWay) {
      underWay();
      const { stack } = arena;
      const made = await makeKey(arena, {});
      const call = callerWith(arena, made);
      const repoId = await createRepo(stack);
      const started = (await (
        await call('POST', '/v1/sessions', { repos: [{ id: repoId }], command: ['sleep', '30'] })
      ).json()) as { id: string };
      using stream = await openSse(`${stack.apiUrl}/v1/sessions/${started.id}/events`, {
        authorization: `Bearer ${made.key}`,
      });
      const revoked = await stack.call('DELETE', `/v1/api-keys/${made.id}`);
      const after = await call('GET', '/v1/sessions');
      let cut = false;
      try {
        while ((await stream.next(5_000)) !== null);
        cut = true;
      } catch (error) {
        // An aborted connection is a cut one; one that goes on quietly is not.
        cut = !(error instanceof Error && error.message.startsWith('No message'));
      }
      await stack.call('POST', `/v1/sessions/${started.id}/stop`, { graceSeconds: 0 });
      await settled(stack, started.id);
      return wrongIn(
        [revoked.ok, `revoking is answered ${revoked.status}`],
        [[401, 429].includes(after.status), `answered ${after.status}`],
        [cut, 'its stream goes on'],
      );
    },
  },
  {
    name: 'a key cannot flood the queue: its sessions and calls are counted',
    area,
    must: '429 beyond its limits, with a time to come back, and no harm to another key.',
    async run(arena, underWay) {
      const { stack } = arena;
      const call = callerWith(
        arena,
        await makeKey(arena, { limits: { sessions: 2, startsPerMinute: 5, requestsPerMinute: 100 } }),
      );
      const repoId = await createRepo(stack);
      const body = { repos: [{ id: repoId }], command: ['sleep', '20'], timeoutSeconds: 30 };
      const starts = await Promise.all(Array.from({ length: 20 }, () => call('POST', '/v1/sessions', body)));
      underWay();
      const calls = await Promise.all(Array.from({ length: 200 }, () => call('GET', '/v1/sessions?limit=1')));
      const accepted = starts.filter(({ status }) => status === 201);
      const other = await stack.call('GET', '/v1/stats');
      for (const response of accepted) {
        const { id } = (await response.json()) as { id: string };
        await stack.call('POST', `/v1/sessions/${id}/stop`, { graceSeconds: 0 });
        await settled(stack, id);
      }
      return wrongIn(
        [accepted.length <= 2, `${accepted.length} sessions were accepted of 2`],
        [
          starts.every(({ status }) => [201, 429].includes(status)),
          `starts are answered ${[...new Set(starts.map(({ status }) => status))].join()}`,
        ],
        [
          calls.some(({ status, headers }) => status === 429 && headers.has('retry-after')),
          'no call was refused for coming too often',
        ],
        [other.status === 200, `another key is answered ${other.status}`],
      );
    },
  },
];
