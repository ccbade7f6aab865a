import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { change } from '../../src/store/records.ts';
import { putSession, startApiRig, type ApiRig } from '../support/api-rig.ts';

let rig: ApiRig;
let browser: Browser;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  rig = await startApiRig();
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
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
  page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())));
  await page.goto(rig.api.url);
  await page.getByLabel('API key').fill(rig.api.key);
  await page.getByRole('button', { name: 'Show sessions' }).click();
});
afterEach(async () => {
  await page?.close();
});

const secondsAgo = (seconds: number): string => new Date(Date.now() - seconds * 1_000).toISOString();

test('the debt is a figure that turns red, with words, when a token is overdue, and is 0 again when it is gone', async () => {
  const debt = page.getByLabel('Revocation debt');
  await debt.getByText('Every token that is to be gone is gone.').waitFor();
  const colour = () => page.evaluate("getComputedStyle(document.getElementById('debt')).color");
  const calm = await colour();
  const { session, token } = await putSession(
    rig.redis,
    { status: 'succeeded', endedAt: secondsAgo(600) },
    { state: 'revoking', revokingAt: secondsAgo(600) },
  );
  await debt.getByText('Overdue!').waitFor();
  expect(await debt.textContent()).toMatch(/1\s+token is to be gone and is not yet; due for up to 10 min/);
  expect(await colour()).not.toBe(calm);
  await change(rig.redis, { sessionId: session.id, tokenId: token?.id ?? '' }, ({ token: now }) =>
    now === null ? null : { token: { ...now, state: 'revoked' }, events: [{ type: 'token_revoked' }] },
  );
  await debt.getByText('Every token that is to be gone is gone.').waitFor();
  expect(await colour()).toBe(calm);
  expect(complaints).toEqual([]);
});

test('a token of unknown fate is listed with the time at which it ends by itself', async () => {
  const expiresAt = '2031-05-06T07:08:09.000Z';
  const { token } = await putSession(
    rig.redis,
    { status: 'failed', endedAt: secondsAgo(1) },
    { state: 'unknown', expiresAt },
  );
  const row = page.locator(`[data-token="${token?.id}"]`);
  await row.getByText(token?.sessionId ?? '').waitFor();
  expect(await row.locator('time').getAttribute('datetime')).toBe(expiresAt);
  expect(complaints).toEqual([]);
});
