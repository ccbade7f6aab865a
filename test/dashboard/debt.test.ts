import { beforeEach, expect, test } from 'vitest';
import { change } from '../../src/store/records.ts';
import { putSession } from '../support/api-rig.ts';
import { useDashboard } from '../support/browser.ts';

const dashboard = useDashboard();

beforeEach(async () => {
  await dashboard.enter();
  await dashboard.page.getByRole('link', { name: 'Tokens' }).click();
});

const secondsAgo = (seconds: number): string => new Date(Date.now() - seconds * 1_000).toISOString();

test('the debt is a figure that turns red, with words, when a token is overdue, and is 0 again when it is gone', async () => {
  const debt = dashboard.page.getByLabel('Revocation debt');
  const chip = dashboard.page.getByRole('banner').getByText('debt');
  await debt.getByText('Every token that is to be gone is gone.').waitFor();
  const colour = () => dashboard.page.evaluate("getComputedStyle(document.getElementById('debt')).color");
  const calm = await colour();
  const { session, token } = await putSession(
    dashboard.rig.redis,
    { status: 'succeeded', endedAt: secondsAgo(600) },
    { state: 'revoking', revokingAt: secondsAgo(600), lastError: 'the repo host answered 503' },
  );
  await debt.getByText('Overdue!').waitFor();
  await debt.getByText('the repo host answered 503').waitFor();
  expect(await chip.getAttribute('data-level')).toBe('alarm');
  expect(await debt.textContent()).toMatch(/1\s+token is to be gone and is not yet; due for up to 10 min/);
  expect(await colour()).not.toBe(calm);
  await change(dashboard.rig.redis, { sessionId: session.id, tokenId: token?.id ?? '' }, ({ token: now }) =>
    now === null ? null : { token: { ...now, state: 'revoked' }, events: [{ type: 'token_revoked' }] },
  );
  await debt.getByText('Every token that is to be gone is gone.').waitFor();
  expect(await colour()).toBe(calm);
  expect(dashboard.complaints).toEqual([]);
});

test('a token of unknown fate is listed with the time at which it ends by itself', async () => {
  const expiresAt = '2031-05-06T07:08:09.000Z';
  const { token } = await putSession(
    dashboard.rig.redis,
    { status: 'failed', endedAt: secondsAgo(1) },
    { state: 'unknown', expiresAt },
  );
  const row = dashboard.page.locator(`[data-token="${token?.id}"]`);
  await row.getByText(token?.sessionId ?? '').waitFor();
  await row.getByText('unknown').waitFor();
  expect(await row.locator('time').last().getAttribute('datetime')).toBe(expiresAt);
  await dashboard.page.getByText('1 of unknown fate').waitFor();
  expect(dashboard.complaints).toEqual([]);
});
