import { expect, test } from 'vitest';
import { change } from '../../src/store/records.ts';
import { moveSession, putSession } from '../support/api-rig.ts';
import { live, useDashboard } from '../support/browser.ts';
import { makeKey } from '../support/api-keys.ts';
import { appendLog } from '../support/logs.ts';

const dashboard = useDashboard();
const TIME = '2026-01-01T00:00:00.000Z';

const rowOf = (id: string) => dashboard.page.locator(`[data-session="${id}"]`);

test('a session is seen in its row going from queued to succeeded, and its token with it, live', async () => {
  await dashboard.enter();
  const { session, token } = await putSession(
    dashboard.rig.redis,
    {},
    { state: 'active', fingerprint: 'abcdef012345' },
  );
  const row = rowOf(session.id);
  await row.getByText('queued').waitFor();
  await row.getByText('abcdef012345').waitFor();
  await moveSession(dashboard.rig.redis, session.id, { status: 'starting' });
  await row.getByText('starting').waitFor();
  await moveSession(dashboard.rig.redis, session.id, { status: 'running' });
  await row.getByText('running').waitFor();
  await change(dashboard.rig.redis, { sessionId: session.id, tokenId: token?.id ?? null }, (view) => ({
    ...(view.session && { session: { ...view.session, status: 'succeeded', exitCode: 0, endedAt: TIME } }),
    ...(view.token && { token: { ...view.token, state: 'revoking' } }),
    events: [{ type: 'ended', detail: { status: 'succeeded' } }, { type: 'token_revoking' }],
  }));
  await row.getByText('succeeded').waitFor();
  await row.getByText('revoking').waitFor();
  expect(dashboard.complaints).toEqual([]);
});

test('one session shows its events and its lines as they come', async () => {
  await dashboard.enter();
  const { session } = await putSession(dashboard.rig.redis);
  await rowOf(session.id).getByRole('link').click();
  const { page } = dashboard;
  await moveSession(dashboard.rig.redis, session.id, { status: 'starting' });
  await moveSession(dashboard.rig.redis, session.id, { status: 'running' });
  await page.getByRole('list', { name: 'Timeline' }).getByText('running').first().waitFor();
  await appendLog(dashboard.rig, session.id, [{ id: '1', time: TIME, stream: 'stdout', text: 'first line' }]);
  await page.locator('#log').getByText('first line').waitFor();
  await moveSession(dashboard.rig.redis, session.id, { status: 'failed', exitCode: 3, endedAt: TIME });
  await page.getByLabel('Failure').getByText('The command ended with exit code 3.').waitFor();
  await page.getByLabel('State of the log').getByText('complete').waitFor();
  expect(dashboard.complaints).toEqual([]);
});

test('sessions that were there before are listed newest first, and one can be opened by its address', async () => {
  await putSession(dashboard.rig.redis, { id: 'ses_older', createdAt: '2031-01-01T00:00:00.000Z' });
  await putSession(dashboard.rig.redis, { id: 'ses_newer', createdAt: '2031-01-01T00:00:01.000Z' });
  const { page } = dashboard;
  await page.goto(`${dashboard.rig.api.url}/#ses_older`);
  await dashboard.enter();
  await page.getByRole('heading', { name: 'ses_older' }).waitFor();
  await page.getByRole('link', { name: 'All sessions' }).click();
  await rowOf('ses_older').waitFor();
  const ids = await page
    .locator('[data-session]')
    .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-session')));
  expect(ids.slice(0, 2)).toEqual(['ses_newer', 'ses_older']);
  expect(dashboard.complaints).toEqual([]);
});

test('a filter that is chosen while another one is still read is the one that counts', async () => {
  const { page, rig } = dashboard;
  const { session: other } = await putSession(rig.redis);
  await dashboard.enter();
  await rowOf(other.id).waitFor();
  const read = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  await page.route('**/v1/sessions?*metadata.task=slow*', async (route) => {
    asked.resolve();
    await read.promise;
    await route.continue();
  });
  await page.getByLabel('Metadata or id').fill('task=slow');
  await page.getByLabel('Metadata or id').press('Enter');
  await asked.promise;
  await page.getByLabel('Metadata or id').fill(other.id);
  await page.getByLabel('Metadata or id').press('Enter');
  await rowOf(other.id).waitFor();
  read.resolve();
  await rowOf(other.id).waitFor();
  expect(dashboard.complaints).toEqual([]);
});

test('a filter keeps what has a status, a piece of metadata or an id, also of what comes later', async () => {
  const { page, rig } = dashboard;
  const { session: other } = await putSession(rig.redis);
  const { session } = await putSession(rig.redis);
  const request = { ...session.request, metadata: { task: 'blue' } };
  await change(rig.redis, { sessionId: session.id }, () => ({ session: { ...session, request }, events: [] }));
  await dashboard.enter();
  await rowOf(other.id).waitFor();
  const search = async (text: string) => {
    await page.getByLabel('Metadata or id').fill(text);
    await page.getByLabel('Metadata or id').press('Enter');
  };
  await search('task=blue');
  await rowOf(other.id).waitFor({ state: 'detached' });
  await rowOf(session.id).waitFor();
  await search(other.id);
  await rowOf(session.id).waitFor({ state: 'detached' });
  await rowOf(other.id).waitFor();
  await search('');
  await page.getByLabel('Status').selectOption('running');
  await rowOf(other.id).waitFor({ state: 'detached' });
  await moveSession(rig.redis, session.id, { status: 'starting' });
  await moveSession(rig.redis, session.id, { status: 'running' });
  await rowOf(session.id).getByText('running').waitFor();
  await page.getByLabel('Status').selectOption('');
  await rowOf(other.id).waitFor();
  expect(dashboard.complaints).toEqual([]);
});

test('a session that was deleted is not listed any more', async () => {
  const { session } = await putSession(dashboard.rig.redis);
  await dashboard.enter();
  const row = rowOf(session.id);
  await row.getByText('queued').waitFor();
  await dashboard.rig.call('POST', `/v1/sessions/${session.id}/stop`);
  await row.getByText('stopped').waitFor();
  await dashboard.rig.call('DELETE', `/v1/sessions/${session.id}`);
  await dashboard.page.reload();
  await live(dashboard.page);
  expect(await row.count()).toBe(0);
});

test('what a key may not do is not offered to whoever logs in with it', async () => {
  const { page, rig } = dashboard;
  const { session } = await putSession(rig.redis);
  const offered = async (scopes: ('read' | 'start' | 'operate')[]) => {
    const { key } = await makeKey(rig, { scopes });
    await page.context().clearCookies();
    await page.goto(rig.api.url);
    await page.reload();
    await page.getByLabel('API key').fill(key);
    await page.getByRole('button', { name: 'Log in' }).click();
    await live(page);
    return (await page.getByRole('banner').getByRole('link').allTextContents()).filter(
      (text) => !/debt|Daypass/.test(text),
    );
  };
  expect(await offered(['read'])).toEqual(['Sessions', 'Tokens', 'Workers']);
  expect(await offered(['start'])).toEqual(['Sessions', 'Tokens', 'Workers', 'Start session']);
  expect(await offered(['operate'])).toEqual(['Sessions', 'Tokens', 'Workers', 'API keys', 'Audit', 'Start session']);
  await page.goto(`${rig.api.url}/#${session.id}`);
  await page.getByRole('group', { name: 'Controls' }).getByText('Stop…').waitFor();
});

test('more sessions than a page has come page by page, each once', async () => {
  const ids = Array.from({ length: 60 }, (_, index) => `ses_page${`${index}`.padStart(2, '0')}`);
  for (const [index, id] of ids.entries()) {
    await putSession(dashboard.rig.redis, { id, createdAt: new Date(Date.UTC(2032, 0, 1, 0, index)).toISOString() });
  }
  await dashboard.enter();
  const listed = () =>
    dashboard.page
      .locator('[data-session^="ses_page"]')
      .evaluateAll((rows) => rows.map((row) => row.dataset['session']));
  await rowOf('ses_page59').waitFor();
  expect(await listed()).toEqual(ids.toReversed().slice(0, 50));
  await dashboard.page.getByRole('button', { name: 'Show older ones' }).click();
  await rowOf('ses_page00').waitFor();
  expect(await listed()).toEqual(ids.toReversed());
});
