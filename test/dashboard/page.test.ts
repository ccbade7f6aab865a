import { expect, test } from 'vitest';
import { appendLog } from '../support/logs.ts';
import { change } from '../../src/store/records.ts';
import { moveSession, putSession } from '../support/api-rig.ts';
import { useDashboard } from '../support/browser.ts';

const dashboard = useDashboard();
const TIME = '2026-01-01T00:00:00.000Z';

test('a session is seen going from queued to succeeded, with its token, its timeline and its log, live', async () => {
  await dashboard.enter();
  const { session, token } = await putSession(
    dashboard.rig.redis,
    {},
    { state: 'active', fingerprint: 'abcdef012345' },
  );
  const row = dashboard.page.locator(`[data-session="${session.id}"]`);
  await row.getByText('queued').waitFor();
  await row.getByText('abcdef012345').waitFor();
  await row.getByRole('link').click();
  await moveSession(dashboard.rig.redis, session.id, { status: 'starting' });
  await moveSession(dashboard.rig.redis, session.id, { status: 'running' });
  await row.getByText('running').waitFor();
  const log = dashboard.page.locator('#log');
  await appendLog(dashboard.rig, session.id, [{ id: '1', time: TIME, stream: 'stdout', text: 'first line' }]);
  await log.getByText('first line').waitFor();
  const nasty = '<script>document.title = "taken"</script><img src=x onerror="document.title = 1">';
  await appendLog(dashboard.rig, session.id, [{ id: '2', time: TIME, stream: 'stderr', text: nasty }]);
  await log.getByText(nasty).waitFor();
  await change(dashboard.rig.redis, { sessionId: session.id, tokenId: token?.id ?? null }, (view) => ({
    ...(view.session && { session: { ...view.session, status: 'succeeded', exitCode: 0, endedAt: TIME } }),
    ...(view.token && { token: { ...view.token, state: 'revoking' } }),
    events: [{ type: 'ended', detail: { status: 'succeeded' } }, { type: 'token_revoking' }],
  }));
  await row.getByText('succeeded').waitFor();
  await row.getByText('revoking').waitFor();
  await dashboard.page.locator('#timeline').getByText('token revoking').waitFor();
  await dashboard.page.locator('#facts').getByText('succeeded, exit code 0').waitFor();
  expect(await dashboard.page.title()).toBe('Daypass');
  expect(await dashboard.page.locator('#log script, #log img').count()).toBe(0);
  expect(dashboard.complaints).toEqual([]);
});

test('sessions that were there before are listed newest first, and one can be opened by its address', async () => {
  await putSession(dashboard.rig.redis, { id: 'ses_older', createdAt: '2031-01-01T00:00:00.000Z' });
  await putSession(dashboard.rig.redis, { id: 'ses_newer', createdAt: '2031-01-01T00:00:01.000Z' });
  await dashboard.page.goto(`${dashboard.rig.api.url}/#ses_older`);
  await dashboard.enter();
  await dashboard.page.locator('#detail-id').getByText('ses_older').waitFor();
  const ids = await dashboard.page
    .locator('#sessions tr')
    .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-session')));
  expect(ids.slice(0, 2)).toEqual(['ses_newer', 'ses_older']);
  expect(dashboard.complaints).toEqual([]);
});

test('a session that was deleted is not listed any more', async () => {
  const { session } = await putSession(dashboard.rig.redis);
  await dashboard.enter();
  const row = dashboard.page.locator(`[data-session="${session.id}"]`);
  await row.getByText('queued').waitFor();
  await dashboard.rig.call('POST', `/v1/sessions/${session.id}/stop`);
  await row.getByText('stopped').waitFor();
  await dashboard.rig.call('DELETE', `/v1/sessions/${session.id}`);
  await dashboard.page.reload();
  await dashboard.page.getByRole('status').getByText('live').waitFor();
  expect(await row.count()).toBe(0);
});
