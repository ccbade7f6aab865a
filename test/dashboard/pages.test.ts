import { beforeEach, expect, test } from 'vitest';
import { reportWorker } from '../../src/store/workers.ts';
import { putSession } from '../support/api-rig.ts';
import { live, useDashboard } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';

const dashboard = useDashboard();

beforeEach(() => dashboard.enter());

test('an operator makes a key that is shown once and good for what it may do, until it is revoked', async () => {
  const { page, rig } = dashboard;
  await page.getByRole('link', { name: 'API keys' }).click();
  await page.getByLabel('Name').fill('backend');
  await page.getByLabel('May').selectOption('read');
  await page.getByRole('button', { name: 'Make a key' }).click();
  const key = await page.getByLabel('New key').locator('code').textContent();
  expect((await rig.call('GET', '/v1/sessions', { key })).status).toBe(200);
  expect((await rig.call('POST', '/v1/sessions', { key, body: {} })).status).toBe(403);
  await page.getByRole('button', { name: 'I have it' }).click();
  expect(await page.content()).not.toContain(key);

  page.on('dialog', (dialog) => void dialog.accept());
  const row = page.locator('[data-key]', { hasText: 'backend' });
  await row.getByRole('button', { name: 'Revoke backend' }).click();
  await row.getByText('revoked').waitFor();
  expect((await rig.call('GET', '/v1/sessions', { key })).status).toBe(401);

  await page.getByRole('link', { name: 'Audit' }).click();
  await page.getByText('api_key.revoke').first().waitFor();
  expect(dashboard.complaints).toEqual([]);
});

test('the workers are shown with what they run, and their absence is said to be one', async () => {
  const { page, rig } = dashboard;
  await page.getByRole('link', { name: 'Workers' }).click();
  await page.getByText('No worker was seen lately').waitFor();
  const { session } = await putSession(rig.redis);
  const now = new Date().toISOString();
  const disks = { way: 'tmpfs' as const, because: 'no loop device' };
  const running = [session.id];
  const worker = { name: 'host-1', engine: 'engine', startedAt: now, seenAt: now, concurrency: 4, running, disks };
  await reportWorker(rig.redis, worker);
  const row = page.locator('[data-worker="host-1"]');
  await row.getByText('1 of 4').waitFor();
  await row.getByText('tmpfs because no loop device').waitFor();
  await row.getByRole('link', { name: session.id }).click();
  await page.getByRole('heading', { name: session.id }).waitFor();
  expect(dashboard.complaints).toEqual([]);
});

test('on a narrow screen nothing but tables and logs is wider than it, in light and in dark', async () => {
  const { page, rig } = dashboard;
  const { session } = await putSession(rig.redis, {}, { state: 'active', fingerprint: 'abcdef012345' });
  await page.setViewportSize({ width: 390, height: 800 });
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const name of ['sessions', 'start', 'tokens', 'workers', 'keys', 'audit', session.id]) {
      await page.goto(`${rig.api.url}/#${name}`);
      await page.getByRole('main').getByRole('heading').first().waitFor();
      const wider = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
      expect({ name, wider }).toEqual({ name, wider: 0 });
    }
  }
  expect(dashboard.complaints).toEqual([]);
});

test('everything is reached and named without a mouse: a session is found, opened and stopped by keys alone', async () => {
  const { page, rig } = dashboard;
  const { session } = await putSession(rig.redis);
  const toNext = async (wanted: string) => {
    for (let tries = 0; tries < 60; tries++) {
      await page.keyboard.press('Tab');
      if ((await page.evaluate('document.activeElement.textContent')) === wanted) return;
    }
    throw new Error(`“${wanted}” is not reached by Tab`);
  };
  await page.locator(`[data-session="${session.id}"]`).waitFor();
  await toNext(session.id);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: session.id }).waitFor();
  await toNext('Stop…');
  await page.keyboard.press('Enter');
  await toNext('Stop it');
  await page.keyboard.press('Enter');
  await page.locator('.title').getByText('stopped').waitFor();
  expect(dashboard.complaints).toEqual([]);
});

test('every input and button has a name for whoever reads by ear', async () => {
  const { page, rig } = dashboard;
  const { session } = await putSession(rig.redis, {}, { state: 'active' });
  for (const name of ['sessions', 'start', 'tokens', 'workers', 'keys', 'audit', session.id]) {
    await page.goto(`${rig.api.url}/#${name}`);
    await live(page);
    await page.getByRole('main').getByRole('heading').first().waitFor();
    const nameless = await page.locator('input, select, textarea, button, a').evaluateAll((elements) =>
      elements
        .filter((element) => {
          const { labels } = element as unknown as { labels: ArrayLike<unknown> | null };
          const text = element.getAttribute('aria-label') ?? element.textContent ?? '';
          const isField = /^(INPUT|SELECT|TEXTAREA)$/.test(element.tagName);
          return isField ? element.getAttribute('aria-label') === null && !labels?.length : text.trim() === '';
        })
        .map((element) => element.outerHTML),
    );
    expect({ name, nameless }).toEqual({ name, nameless: [] });
  }
});

test('older tokens that were asked for stay when there is news of others', async () => {
  const { page, rig } = dashboard;
  for (let count = 0; count < 60; count++) await putSession(rig.redis, {}, { state: 'revoked' });
  await page.getByRole('link', { name: 'Tokens' }).click();
  await page.getByRole('button', { name: 'Show older ones' }).click();
  const rows = page.locator('[data-token]');
  await eventually(
    () => rows.count(),
    (count) => count >= 60,
  );
  await putSession(rig.redis, {}, { state: 'active', fingerprint: 'fedcba987654' });
  await page.getByText('fedcba987654').waitFor();
  expect(await rows.count()).toBeGreaterThan(60);
});
