import { afterAll, beforeAll, expect, test } from 'vitest';
import { expiryFrom } from '../../../src/cli/api-keys/expiry.ts';
import { readApiKey } from '../../../src/store/api-keys.ts';
import { readSession } from '../../../src/store/records.ts';
import { makeKey } from '../../support/api-keys.ts';
import { putSession, startApiRig, type ApiRig } from '../../support/api-rig.ts';
import { REPO_A } from '../../support/records.ts';
import { runDaypass } from '../../support/run-daypass.ts';

let rig: ApiRig;

beforeAll(async () => {
  rig = await startApiRig();
});
afterAll(async () => {
  await rig?.close();
});

async function daypass(...args: string[]): Promise<{ code: number | null; stderr: string; lines: string[] }> {
  const env = { PATH: process.env['PATH'] ?? '', DAYPASS_API_URL: rig.api.url, DAYPASS_API_KEY: rig.api.key };
  const { exitCode, stdout, stderr } = await runDaypass(args, env);
  return { code: exitCode, stderr, lines: stdout.trim().split('\n') };
}

test('a key is made with what was asked for, listed without its value, and revoked; the audit log tells of it', async () => {
  const options = ['--scope', 'read', '--repo', REPO_A, '--limit-sessions', '3', '--limit-starts', 'none'];
  const made = await daypass('api-keys', 'create', 'ci', ...options, '--expires', '90d');
  expect(made.code).toBe(0);
  const [key = '', about = ''] = made.lines;
  expect(key).toMatch(/^dp_/);
  const [id = ''] = /key_[\w-]+/.exec(about) ?? [];
  expect((await rig.call('GET', '/v1/sessions', { key })).status).toBe(200);
  const record = await readApiKey(rig.redis, id);
  expect(record).toMatchObject({
    name: 'ci',
    scopes: ['read'],
    repos: [REPO_A],
    limits: { sessions: 3, startsPerMinute: null, requestsPerMinute: 1_200 },
  });
  expect(Date.parse(record?.expiresAt ?? '') - Date.now()).toBeGreaterThan(89 * 86_400_000);

  const listed = await daypass('api-keys', 'ls');
  expect(listed.lines[0]).toMatch(/^KEY +STATE +SCOPES +REPOS +FINGERPRINT +CREATED +LAST USED +NAME$/);
  expect(listed.lines[1]).toMatch(new RegExp(`^${id} +active +read +1 +.* ci$`));
  expect(listed.lines.join()).not.toContain(key);

  const [rotated = ''] = (await daypass('api-keys', 'rotate', id)).lines;
  expect((await rig.call('GET', '/v1/sessions', { key })).status).toBe(401);
  expect((await rig.call('GET', '/v1/sessions', { key: rotated })).status).toBe(200);

  expect((await daypass('api-keys', 'revoke', id)).lines[0]).toContain(`${id} was revoked`);
  expect((await rig.call('GET', '/v1/sessions', { key: rotated })).status).toBe(401);
  const audit = await daypass('audit', '--key', id);
  expect(audit.lines).toHaveLength(4);
  expect(audit.lines[1]).toMatch(/ api_key\.revoke +ok +test \(settings:test\) +127\.0\.0\.1 +key_/);
  expect(audit.lines[3]).toContain('api_key.create');
  const [first = ''] = (await daypass('audit', '--action', 'api_key.create', '--limit', '1', '--json')).lines;
  expect(JSON.parse(first)).toMatchObject({ targetId: id, detail: { scopes: ['read'] } });
});

test('whoever revokes a key is told of the sessions that it has left, and how to stop them', async () => {
  const { id } = await makeKey(rig);
  const { session } = await putSession(rig.redis, { keyId: id, status: 'running' });
  const left = await daypass('api-keys', 'revoke', id);
  expect(left.lines[1]).toBe(`1 of its sessions go on. To stop them: daypass api-keys revoke ${id} --stop-sessions`);
  expect((await daypass('api-keys', 'revoke', id, '--stop-sessions')).lines[1]).toContain('1 of its sessions');
  expect((await readSession(rig.redis, session.id))?.stop).toMatchObject({ revoke: 'now' });
});

test.each([
  [['api-keys', 'create', 'x', '--limit-sessions', 'many'], '--limit-sessions takes a number', 2],
  [['api-keys', 'create', 'x', '--expires', 'soon'], '--expires takes a span', 2],
  [['api-keys', 'create', 'x', '--expires', '2020-01-01'], 'expiresAt must be later than now', 5],
  [['api-keys', 'revoke', 'key_none'], 'There is no such API key', 3],
  [['audit', '--limit', '0'], '--limit takes a number above 0', 2],
])('daypass %j fails and says why', async (args, reason, exitCode) => {
  const { code, stderr } = await daypass(...args);
  expect(code).toBe(exitCode);
  expect(stderr).toContain(reason);
});

test('a span is counted from now, and a time is taken as it is', () => {
  const now = new Date('2026-01-01T00:00:00.000Z');
  expect(expiryFrom('30m', now)).toBe('2026-01-01T00:30:00.000Z');
  expect(expiryFrom('12h', now)).toBe('2026-01-01T12:00:00.000Z');
  expect(expiryFrom('2027-01-31T00:00:00Z', now)).toBe('2027-01-31T00:00:00.000Z');
});
