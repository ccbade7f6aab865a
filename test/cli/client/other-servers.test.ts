import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appendAudit } from '../../../src/store/audit.ts';
import { keys } from '../../../src/store/keys.ts';
import { reportWorker } from '../../../src/store/workers.ts';
import { makeKey } from '../../support/api-keys.ts';
import { moveSession, putSession, startApiRig, type ApiRig } from '../../support/api-rig.ts';
import { damage, putDamaged, type Among } from '../../support/damage.ts';
import { eventually } from '../../support/eventually.ts';
import { appendLog } from '../../support/logs.ts';
import { startNewerServer, type NewerServer } from '../../support/newer-server.ts';
import { REPO_A } from '../../support/records.ts';
import { runDaypass, spawnDaypass, untilEnded } from '../../support/run-daypass.ts';

describe('where some records are damaged', () => {
  let rig: ApiRig;
  let among: Among;
  beforeAll(async () => {
    rig = await startApiRig();
    among = await putDamaged(rig);
  });
  afterAll(() => rig?.close());
  const daypass = (...args: string[]) =>
    runDaypass(args, { DAYPASS_API_URL: rig.api.url, DAYPASS_API_KEY: rig.api.key });

  test.each([
    ['ls', ['ls'], 'sessions', () => among.good.session],
    ['ls --json', ['ls', '--json'], 'sessions', () => among.good.session],
    ['tokens', ['tokens'], 'tokens', () => among.good.token],
    ['api-keys ls', ['api-keys', 'ls'], 'apiKeys', () => among.good.apiKey],
    ['audit', ['audit'], 'audit', () => 'api_key.create'],
  ] as [string, string[], keyof Among['damaged'], () => string][])(
    '%s shows the others, and names in one line of standard error what is left out',
    async (_command, args, kind, good) => {
      const { exitCode, stdout, stderr } = await daypass(...args);
      expect(exitCode).toBe(0);
      expect(stdout).toContain(good());
      expect(stdout).not.toContain('[secret]');
      expect(stderr).toMatch(/^Left out, as it cannot be read: \d records?: [^\n]+\n$/);
      for (const { id, field } of among.damaged[kind]) expect(stderr).toContain(`${id} (${field} is `);
    },
  );

  test('one that is damaged is told of by its field, with an exit code of its own, and at once', async () => {
    const id = among.damaged.sessions.find(({ field }) => field === 'status')?.id ?? '';
    for (const args of [
      ['show', id],
      ['logs', '-f', id],
      ['stop', id],
      ['receipt', id],
    ]) {
      const { exitCode, stderr } = await daypass(...args);
      expect(exitCode).toBe(1);
      expect(stderr).toContain(`The record of session ${id} cannot be read: its field status`);
    }
  });

  test('the beginning of its id still names it, and those of others are found', async () => {
    expect((await daypass('show', 'ses_stat')).stderr).toContain('its field status');
    expect((await daypass('show', 'ses_good')).stdout).toContain(among.good.session);
  });

  test('doctor goes on, and names the worker that it cannot see', async () => {
    const now = new Date().toISOString();
    const worker = { engine: 'e', startedAt: now, seenAt: now, concurrency: 4, running: [] };
    for (const name of ['host-1', 'host-2']) await reportWorker(rig.redis, { ...worker, name });
    await damage(rig.redis, keys.worker('host-2'), 'concurrency=');
    const { stdout } = await daypass('doctor');
    expect(stdout).toContain('host-2 (concurrency is not of the type number)');
  });
});

test('a list that holds something else altogether is shown as far as it goes', async () => {
  const server = createServer((_req, res) => {
    res.setHeader('content-type', 'application/json');
    res.end(JSON.stringify({ data: [{ id: 'tok_odd', state: 7 }, null, { name: 'x' }], nextCursor: null }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { exitCode, stdout, stderr } = await runDaypass(['tokens'], {
    DAYPASS_API_URL: url,
    DAYPASS_API_KEY: 'dp_obviously-fake',
  });
  server.close();
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringMatching(/^STATE[^\n]+\n$/) });
  expect(stderr).toMatch(
    /3 records: tok_odd \(\w+ is not what this version of daypass understands\), one without an id/,
  );
});

describe('where the server is newer', () => {
  let rig: ApiRig;
  let newer: NewerServer;
  beforeAll(async () => {
    rig = await startApiRig();
    newer = await startNewerServer(rig.api.url);
    const now = new Date().toISOString();
    const entry = { time: now, outcome: 'ok' as const, keyId: null, keyName: null, address: null, requestId: 'r' };
    await appendAudit(
      rig.redis,
      { ...entry, action: 'session.stop', sessionId: 'ses_x', targetId: null, detail: {} },
      60_000,
    );
  });
  afterAll(async () => {
    await newer?.[Symbol.asyncDispose]();
    await rig?.close();
  });

  const env = () => ({ DAYPASS_API_URL: newer.url, DAYPASS_API_KEY: rig.api.key });
  const failure = { code: 'clone_failed', message: 'git said no', step: 'clone' } as const;
  const endedAt = '2026-01-01T00:00:00.000Z';
  const put = (over: Parameters<typeof putSession>[1] = {}) =>
    putSession(rig.redis, { status: 'running', ...over }, { state: 'active' });

  test.each<[string, (put: { session: string; token: string; key: string }) => string[], RegExp]>([
    ['ls', () => ['ls'], /paused/],
    ['ls --json', () => ['ls', '--json'], /"newField":\{"deep":\[1\]\}/],
    ['show', ({ session }) => ['show', session], /^status +paused$[^]*parked/m],
    ['show --json', ({ session }) => ['show', session, '--json'], /"newField"/],
    ['stop', ({ session }) => ['stop', session], /is being stopped/],
    ['extend', ({ session }) => ['extend', session, '30s'], /has time until/],
    ['network', ({ session }) => ['network', session, '--none'], /its repo host alone/],
    ['tokens', () => ['tokens'], /^parked /m],
    ['tokens revoke', ({ token }) => ['tokens', 'revoke', token], /is parked/],
    ['tokens revoke --session', ({ session }) => ['tokens', 'revoke', '--session', session], /on the way out/],
    ['receipt', ({ session }) => ['receipt', session], /"newField"/],
    ['audit', () => ['audit'], /session\.teleport/],
    ['api-keys ls', () => ['api-keys', 'ls'], /admire/],
    ['api-keys create', () => ['api-keys', 'create', 'x'], /may start, admire/],
    ['api-keys rotate', ({ key }) => ['api-keys', 'rotate', key], /from now on/],
    ['api-keys revoke', ({ key }) => ['api-keys', 'revoke', key], /was revoked/],
    ['run --detach', () => ['run', '--detach', '--repo', REPO_A, '--', 'true'], /^ses_/],
  ])('%s takes fields and words that it does not know', async (_name, args, wanted) => {
    const { session, token } = await put();
    const { id: key } = await makeKey(rig);
    const ended = await runDaypass(args({ session: session.id, token: token?.id ?? '', key }), env());
    expect(ended.stderr).toBe('');
    expect(ended.stdout).toMatch(wanted);
    expect(ended.exitCode).toBe(0);
  });

  test('doctor sees what it knows', async () => {
    const now = new Date().toISOString();
    const disks = { way: 'ext4' as const, because: null };
    const worker = { name: 'host-1', engine: 'e', startedAt: now, seenAt: now, concurrency: 4, running: [], disks };
    await reportWorker(rig.redis, worker);
    const { stdout } = await runDaypass(['doctor'], env());
    expect(stdout).toMatch(/✓ API/);
    expect(stdout).toMatch(/✓ workers: host-1/);
  });

  test('logs and run pass on lines of a stream that they do not know, and run says how it ended', async () => {
    const child = spawnDaypass(['run', '--metadata', 'of=this', '--repo', REPO_A, '--', 'true'], env());
    const ended = untilEnded(child);
    const { data } = await eventually(
      async () => (await rig.call('GET', '/v1/sessions?metadata.of=this')).body as { data: { id: string }[] },
      ({ data: found }) => found.length > 0,
    );
    const id = data[0]?.id ?? '';
    await appendLog(rig, id, [{ id: '1', time: endedAt, stream: 'stdout', text: 'said by the agent' }]);
    await moveSession(rig.redis, id, { status: 'failed', failure, endedAt });
    const { exitCode, stderr } = await ended;
    expect(stderr).toContain('[daypass] said by the agent');
    expect(stderr).toContain('martians (at teleport): git said no');
    expect(stderr).toContain('does not know this reason');
    expect(exitCode).toBe(125);
    const logs = await runDaypass(['logs', id], env());
    expect(logs).toMatchObject({ exitCode: 0, stderr: '[daypass] said by the agent\n' });
    expect((await runDaypass(['logs', '--json', id], env())).stdout).toContain('"stream":"trace"');
  });

  test('what this version sends is checked as strictly as ever', async () => {
    const body = { repos: [{ id: REPO_A }], newField: 1 };
    expect(await rig.call('POST', '/v1/sessions', { body })).toMatchObject({
      status: 422,
      body: { errors: [{ path: 'newField' }] },
    });
  });
});
