import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeKey } from '../../support/api-keys.ts';
import { putSession, startApiRig, type ApiRig } from '../../support/api-rig.ts';
import { runDaypass, spawnDaypass, untilEnded } from '../../support/run-daypass.ts';

let rig: ApiRig;

beforeAll(async () => {
  rig = await startApiRig();
});
afterAll(() => rig?.close());

const daypass = (args: string[], env: Record<string, string> = {}) =>
  runDaypass(args, { DAYPASS_API_URL: rig.api.url, DAYPASS_API_KEY: rig.api.key, ...env });

async function put(id: string, over: Parameters<typeof putSession>[1] = {}): Promise<string> {
  return (await putSession(rig.redis, { id, status: 'running', ...over })).session.id;
}

test('sessions are listed newest first, those in a status, with metadata, or so many', async () => {
  const base = (await putSession(rig.redis)).session.request;
  const id = await put('ses_list_0000000000000000', {
    status: 'succeeded',
    exitCode: 3,
    request: { ...base, metadata: { task: '42', note: 'a\u001b]0;x\u0007' } },
  });
  const { stdout, exitCode } = await daypass(['ls', '--metadata', 'task=42', '--status', 'succeeded']);
  expect(exitCode).toBe(0);
  const [head, row = '', ...more] = stdout.trim().split('\n');
  expect(head).toMatch(/^ID +STATUS +AGE +RAN +EXIT +TOKEN +REPOS +METADATA$/);
  expect(row.startsWith(id)).toBe(true);
  expect(row).toContain('task=42,note=a\\x1b]0;x\\x07');
  expect(more).toEqual([]);
  const json = await daypass(['ls', '--limit', '1', '--json']);
  expect(
    json.stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { id: string }).id),
  ).toEqual([id]);
});

test('one session is shown with its repos, its token and its failure', async () => {
  const failure = { code: 'clone_failed', message: 'git said no', step: 'clone' } as const;
  const { session, token } = await putSession(
    rig.redis,
    { status: 'failed', failure },
    { state: 'revoked', fingerprint: 'abcdef012345' },
  );
  const { stdout } = await daypass(['show', session.id]);
  expect(stdout).toMatch(/^failure +clone_failed \(at clone\): git said no$/m);
  expect(stdout).toContain(`${token?.id} revoked, fingerprint abcdef012345`);
  expect(JSON.parse((await daypass(['show', session.id, '--json'])).stdout)).toMatchObject({ id: session.id, failure });
});

test('the beginning of an id is enough, while it is that of one session only', async () => {
  const one = await put('ses_abcd1_000000000000000');
  const other = await put('ses_abcd2_000000000000000');
  expect((await daypass(['show', 'abcd1', '--json'])).stdout).toContain(one);
  const both = await daypass(['stop', 'ses_abcd']);
  expect(both.exitCode).toBe(2);
  expect(both.stderr).toMatch(/is the beginning of 2 sessions/);
  expect(both.stderr).toContain(other);
  expect(await daypass(['show', 'nobody'])).toMatchObject({
    exitCode: 3,
    stderr: expect.stringContaining('daypass ls lists them'),
  });
});

test('of several sessions each is done what can be, and what cannot is told', async () => {
  const running = await put('ses_multi_00000000000000a');
  const over = await put('ses_multi_00000000000000b', { status: 'succeeded', endedAt: '2026-01-01T00:00:00.000Z' });
  const stopped = await daypass(['stop', '--now', running, 'nowhere', over]);
  expect(stopped.stdout).toBe(`${running} is being stopped\n${over} is over (succeeded)\n`);
  expect(stopped).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('"nowhere"') });
  const removed = await daypass(['rm', over, running]);
  expect(removed.stdout).toBe(`${over} is forgotten\n`);
  expect(removed).toMatchObject({ exitCode: 5, stderr: expect.stringContaining('session_not_ended') });
});

test('a session gets more time, and another list of hosts', async () => {
  const fromNow = (ms: number): string => new Date(Date.now() + ms).toISOString();
  const [deadlineAt, expiresAt] = [fromNow(60_000), fromNow(7_200_000)];
  const id = 'ses_more__000000000000000';
  await putSession(rig.redis, { id, status: 'running', deadlineAt }, { state: 'active', expiresAt });
  expect((await daypass(['extend', id, '30m'])).stdout).toContain(`${id} has time until `);
  expect((await daypass(['network', id, 'api.example.com', '*.example.org:8443'])).stdout).toBe(
    `${id} may reach api.example.com, *.example.org:8443\n`,
  );
  expect((await daypass(['network', id, '--none'])).stdout).toContain('its repo host alone');
  expect(await daypass(['network', id])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--none') });
});

/** Somebody who is no Daypass. */
async function otherServer(status: number, body: string): Promise<{ url: string; server: Server }> {
  const server = createServer((_request, response) =>
    response.writeHead(status, { 'content-type': 'text/html' }).end(body),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

test('what is wrong with the way to the API is named, with what to do, and has a code of its own', async () => {
  const nobody = await daypass(['ls'], { DAYPASS_API_URL: 'http://127.0.0.1:1' });
  expect(nobody).toMatchObject({ exitCode: 6, stdout: '' });
  expect(nobody.stderr).toMatch(/http:\/\/127\.0\.0\.1:1 does not answer.*\n.*DAYPASS_API_URL/);
  const noKey = await daypass(['ls'], { DAYPASS_API_KEY: '', DAYPASS_DATA_DIR: '/nonexistent' });
  expect(noKey).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('Set DAYPASS_API_KEY') });
  const wrongKey = await daypass(['ls'], { DAYPASS_API_KEY: 'dp_obviously-wrong' });
  expect(wrongKey.exitCode).toBe(4);
  expect(wrongKey.stderr).toMatch(/401 unauthorized: .*\n.*daypass api-keys create/);
  const { key } = await makeKey(rig, { scopes: ['read'] });
  const mayNot = await daypass(['stop', 'ses_more__000000000000000'], { DAYPASS_API_KEY: key });
  expect(mayNot).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('403 scope_missing') });
  const missing = await daypass(['logs', 'ses_none__000000000000000']);
  expect(missing).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('404 not_found') });
  const proxy = await otherServer(503, '<h1>busy</h1>');
  const away = await daypass(['ls'], { DAYPASS_API_URL: proxy.url });
  expect(away).toMatchObject({ exitCode: 6, stderr: expect.stringMatching(/answered 503\n.*daypass doctor/) });
  proxy.server.close();
  const page = await otherServer(200, '<h1>Welcome</h1>');
  const notDaypass = await daypass(['ls'], { DAYPASS_API_URL: page.url });
  expect(notDaypass).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('names a Daypass') });
  page.server.close();
});

test('a wrong command line is 2, or 125 of run, whose codes below are the command’s own', async () => {
  expect(await daypass(['ls', '--nonsense'])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('unknown option'),
  });
  expect((await daypass(['nonsense'])).exitCode).toBe(2);
  for (const args of [
    ['--nonsense'],
    ['--', 'true'],
    ['--repo', 'x'],
    ['--repo', 'x', '--timeout', 'soon', '--', 'true'],
  ]) {
    expect(await daypass(['run', ...args])).toMatchObject({ exitCode: 125, stdout: '' });
  }
  const help = await daypass(['run', '--help']);
  expect(help).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/124 +its time was over/) });
});

test('a long list reaches a slow reader whole', async () => {
  const { request } = (await putSession(rig.redis)).session;
  const metadata = Object.fromEntries(Array.from({ length: 32 }, (_, n) => [`m${n}`, 'x'.repeat(512)]));
  for (let n = 0; n < 20; n++) await put(`ses_many_${`${n}`.padStart(16, '0')}`, { request: { ...request, metadata } });
  const child = spawnDaypass(['ls', '--json', '--limit', '20'], {
    DAYPASS_API_URL: rig.api.url,
    DAYPASS_API_KEY: rig.api.key,
  });
  await once(child.stdout, 'readable');
  // By now it would have ended, had it not to wait for its reader.
  await sleep(1_500);
  const { stdout } = await untilEnded(child);
  expect(stdout.length).toBeGreaterThan(3 * 65_536);
  expect(stdout.trim().split('\n')).toHaveLength(20);
});
