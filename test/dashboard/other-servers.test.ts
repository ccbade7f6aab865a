import { afterAll, beforeAll, expect, test } from 'vitest';
import { reportWorker } from '../../src/store/workers.ts';
import { moveSession, putSession } from '../support/api-rig.ts';
import { live, useDashboard } from '../support/browser.ts';
import { putDamaged } from '../support/damage.ts';
import { appendLog } from '../support/logs.ts';
import { startNewerServer, type NewerServer } from '../support/newer-server.ts';

const dashboard = useDashboard();
let newer: NewerServer;

beforeAll(async () => {
  newer = await startNewerServer(dashboard.rig.api.url);
});
afterAll(() => newer?.[Symbol.asyncDispose]());

test('a newer server is shown as far as this page knows it: states, events and fields that it does not know too', async () => {
  const { page, rig, complaints } = dashboard;
  const { session, token } = await putSession(
    rig.redis,
    { status: 'running' },
    { state: 'active', fingerprint: 'abcdef012345' },
  );
  const failure = { code: 'clone_failed', message: 'git said no', step: 'clone' } as const;
  const failed = await putSession(
    rig.redis,
    { status: 'failed', failure, endedAt: '2026-01-01T00:00:00.000Z' },
    { state: 'revoked' },
  );
  await appendLog(rig, session.id, [
    { id: '1', time: '2026-01-01T00:00:00.000Z', stream: 'stdout', text: 'said by the agent' },
  ]);
  const now = new Date().toISOString();
  const disks = { way: 'ext4' as const, because: null };
  await reportWorker(rig.redis, {
    name: 'host-1',
    engine: 'e',
    startedAt: now,
    seenAt: now,
    concurrency: 4,
    running: [],
    disks,
  });
  await page.goto(newer.url);
  await page.getByLabel('API key').fill(rig.api.key);
  await page.getByRole('button', { name: 'Log in' }).click();
  await live(page);
  await page.locator(`[data-session="${session.id}"]`).getByText('paused').waitFor();
  await page.getByRole('link', { name: session.id }).click();
  await page.locator('.title').getByText('paused').waitFor();
  await page.getByText('said by the agent').waitFor();
  await moveSession(rig.redis, session.id, { deadlineAt: '2027-01-01T00:00:00.000Z' });
  await page.locator('[data-event="teleported"]').nth(1).waitFor();
  await page.getByText('Stop…').waitFor();
  await page.goto(`${newer.url}/#${failed.session.id}`);
  await page.getByText('martians in step teleport').waitFor();
  await page.getByText('The worker’s log says more.').waitFor();
  for (const [name, text] of [
    ['Tokens', 'parked'],
    ['Workers', 'zfs'],
    ['API keys', 'None but those'],
    ['Audit', 'session.teleport'],
  ] as const) {
    await page.getByRole('link', { name, exact: true }).click();
    await page.getByRole('main').getByText(text).first().waitFor();
  }
  expect(token).not.toBeNull();
  expect(complaints).toEqual([]);
});

test('damaged records are left out with a notice that names them, on every page, and one that is opened says what is wrong', async () => {
  const { page, rig, complaints } = dashboard;
  const { damaged, good } = await putDamaged(rig);
  await dashboard.enter();
  const left = page.getByRole('note', { name: 'Left out' });
  await page.locator(`[data-session="${good.session}"]`).waitFor();
  for (const { id, field } of damaged.sessions) await left.getByText(`${id}: ${field} is `).waitFor();
  for (const [name, kind, row] of [
    ['Tokens', 'tokens', `[data-token="${good.token}"]`],
    ['API keys', 'apiKeys', `[data-key="${good.apiKey}"]`],
    ['Workers', 'workers', `[data-worker="${good.worker}"]`],
    ['Audit', 'audit', 'td'],
  ] as const) {
    await page.getByRole('link', { name, exact: true }).click();
    await page.locator(row).first().waitFor();
    for (const { id, field } of damaged[kind]) await left.getByText(`${id}: ${field} is `).waitFor();
  }
  await page.goto(`${rig.api.url}/#${good.session}`);
  await page.locator('[data-event="accepted"]').waitFor();
  const broken = damaged.sessions.find(({ field }) => field === 'status')?.id ?? '';
  await page.goto(`${rig.api.url}/#${broken}`);
  await page.getByRole('alert').getByText(`The record of session ${broken} cannot be read: its field status`).waitFor();
  // The browser itself complains of an answer that is no success.
  expect(complaints.filter((complaint) => !complaint.includes('status of 500'))).toEqual([]);
});

test('a secret too short to be masked is refused at its field, with the way out', async () => {
  const { page } = dashboard;
  await dashboard.enter();
  await page.getByRole('link', { name: 'Start' }).first().click();
  await page.getByLabel('Repo id').first().fill('11111111-1111-4111-8111-111111111111');
  await page.getByLabel('Script').fill('true');
  await page.getByLabel('Name of secret 1').fill('PIN');
  await page.getByLabel('Value of secret 1').fill('abc');
  await page.getByRole('button', { name: 'Start it' }).click();
  await page.locator('[data-path="secrets"]').getByText('PIN has fewer than 4 characters').waitFor();
  expect(page.url()).toMatch(/#start$/);
});
