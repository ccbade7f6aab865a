import { beforeEach, expect, test } from 'vitest';
import { readSession } from '../../src/store/records.ts';
import { putSession } from '../support/api-rig.ts';
import { useDashboard } from '../support/browser.ts';

const dashboard = useDashboard();

beforeEach(() => dashboard.enter());

const fromNow = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString();

test('a session gets more time, and is told why not where its token would be over before', async () => {
  const { page, rig } = dashboard;
  const { session } = await putSession(
    rig.redis,
    { status: 'running', startedAt: fromNow(-1), runningAt: fromNow(-1), deadlineAt: fromNow(5) },
    { state: 'active', expiresAt: fromNow(90) },
  );
  await page.goto(`${rig.api.url}/#${session.id}`);
  await page.getByText('Extend…').click();
  await page.getByLabel('Minutes from now').fill('100');
  await page.getByRole('button', { name: 'Set deadline' }).click();
  await page.getByRole('alert').getByText('A longer session needs a larger maxTimeoutSeconds').waitFor();
  await page.getByLabel('Minutes from now').fill('60');
  await page.getByRole('button', { name: 'Set deadline' }).click();
  await page
    .getByLabel('Facts')
    .getByText(/in (59 min|1 h)/)
    .waitFor();
  const leftMs = Date.parse((await readSession(rig.redis, session.id))?.deadlineAt ?? '') - Date.now();
  expect(Math.round(leftMs / 60_000)).toBe(60);
});

test('a session that is over is forgotten only by whoever says so twice', async () => {
  const { page, rig } = dashboard;
  const { session } = await putSession(rig.redis, { status: 'succeeded', endedAt: fromNow(-1) });
  await page.goto(`${rig.api.url}/#${session.id}`);
  page.once('dialog', (dialog) => void dialog.dismiss());
  await page.getByRole('button', { name: 'Forget…' }).click();
  expect(await readSession(rig.redis, session.id)).not.toBeNull();
  page.once('dialog', (dialog) => void dialog.accept());
  await page.getByRole('button', { name: 'Forget…' }).click();
  await page.getByRole('heading', { name: 'Sessions' }).waitFor();
  expect(await readSession(rig.redis, session.id)).toBeNull();
  await page.locator(`[data-session="${session.id}"]`).waitFor({ state: 'detached' });
  await page.goto(`${rig.api.url}/#${session.id}`);
  await page.getByText('There is no such session').waitFor();
});

test('a failure of ours is said in words, with the next step', async () => {
  const { page, rig } = dashboard;
  const failure = { code: 'out_of_memory' as const, message: 'The sandbox had 1024 MB and wanted more.', step: 'run' };
  const { session } = await putSession(rig.redis, { status: 'failed', endedAt: fromNow(-1), failure });
  await page.goto(`${rig.api.url}/#${session.id}`);
  await page.getByLabel('Failure').getByText('The sandbox had 1024 MB and wanted more.').waitFor();
  await page.getByLabel('Failure').getByText('Start it again with more memory').waitFor();
  expect(dashboard.complaints).toEqual([]);
});
