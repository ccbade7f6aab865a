import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { chromium, type Browser, type Page } from 'playwright-core';
import { appendLog } from '../support/logs.ts';
import { change } from '../../src/store/records.ts';
import { moveSession, putSession, startApiRig, type ApiRig } from '../support/api-rig.ts';

let rig: ApiRig;
let browser: Browser;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  rig = await startApiRig();
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
});
afterAll(async () => {
  await browser?.close();
  await rig?.close();
});

beforeEach(async () => {
  complaints = [];
  page = await browser.newPage();
  page.setDefaultTimeout(10_000);
  page.on('pageerror', (error) => complaints.push(error.message));
  // The browser reports a broken content security policy here too.
  page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())));
  await page.goto(rig.api.url);
});
afterEach(async () => {
  await page?.close();
});

async function enter(): Promise<void> {
  await page.getByLabel('API key').fill(rig.api.key);
  await page.getByRole('button', { name: 'Show sessions' }).click();
  await page.getByRole('status').getByText('live').waitFor();
}

const TIME = '2026-01-01T00:00:00.000Z';

test('a session is seen going from queued to succeeded, with its token, its timeline and its log, live', async () => {
  await enter();
  const { session, token } = await putSession(rig.redis, {}, { state: 'active', fingerprint: 'abcdef012345' });
  const row = page.locator(`[data-session="${session.id}"]`);
  await row.getByText('queued').waitFor();
  await row.getByText('abcdef012345').waitFor();
  await row.getByRole('link').click();
  await moveSession(rig.redis, session.id, { status: 'starting' });
  await moveSession(rig.redis, session.id, { status: 'running' });
  await row.getByText('running').waitFor();
  const log = page.locator('#log');
  await appendLog(rig, session.id, [{ id: '1', time: TIME, stream: 'stdout', text: 'first line' }]);
  await log.getByText('first line').waitFor();
  const nasty = '<script>document.title = "taken"</script><img src=x onerror="document.title = 1">';
  await appendLog(rig, session.id, [{ id: '2', time: TIME, stream: 'stderr', text: nasty }]);
  await log.getByText(nasty).waitFor();
  await change(rig.redis, { sessionId: session.id, tokenId: token?.id ?? null }, (view) => ({
    ...(view.session && { session: { ...view.session, status: 'succeeded', exitCode: 0, endedAt: TIME } }),
    ...(view.token && { token: { ...view.token, state: 'revoking' } }),
    events: [{ type: 'ended', detail: { status: 'succeeded' } }, { type: 'token_revoking' }],
  }));
  await row.getByText('succeeded').waitFor();
  await row.getByText('revoking').waitFor();
  await page.locator('#timeline').getByText('token revoking').waitFor();
  await page.locator('#facts').getByText('succeeded, exit code 0').waitFor();
  expect(await page.title()).toBe('Daypass');
  expect(await page.locator('#log script, #log img').count()).toBe(0);
  expect(complaints).toEqual([]);
});

test('sessions that were there before are listed newest first, and one can be opened by its address', async () => {
  await putSession(rig.redis, { id: 'ses_older', createdAt: '2031-01-01T00:00:00.000Z' });
  await putSession(rig.redis, { id: 'ses_newer', createdAt: '2031-01-01T00:00:01.000Z' });
  await page.goto(`${rig.api.url}/#ses_older`);
  await enter();
  await page.locator('#detail-id').getByText('ses_older').waitFor();
  const ids = await page
    .locator('#sessions tr')
    .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-session')));
  expect(ids.slice(0, 2)).toEqual(['ses_newer', 'ses_older']);
  expect(complaints).toEqual([]);
});

test('a wrong key is said to be wrong, and a good one is kept for the tab only until it is forgotten', async () => {
  await page.getByLabel('API key').fill('dp_wrong');
  await page.getByRole('button', { name: 'Show sessions' }).click();
  await page.getByText('This API key is not known here.').waitFor();
  await enter();
  await page.reload();
  await page.getByRole('status').getByText('live').waitFor();
  await page.getByRole('button', { name: 'Forget key' }).click();
  await page.getByLabel('API key').waitFor();
  expect(await page.evaluate('sessionStorage.length + localStorage.length')).toBe(0);
});

test('a session that was deleted is not listed any more', async () => {
  const { session } = await putSession(rig.redis);
  await enter();
  const row = page.locator(`[data-session="${session.id}"]`);
  await row.getByText('queued').waitFor();
  await rig.call('POST', `/v1/sessions/${session.id}/stop`);
  await row.getByText('stopped').waitFor();
  await rig.call('DELETE', `/v1/sessions/${session.id}`);
  await page.reload();
  await page.getByRole('status').getByText('live').waitFor();
  expect(await row.count()).toBe(0);
});
