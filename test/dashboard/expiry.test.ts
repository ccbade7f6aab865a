import { expect, test } from 'vitest';
import { useDashboard } from '../support/browser.ts';

const dashboard = useDashboard({ logins: { longestMs: 4_000, idleMs: 60_000 } });

test('a login whose time is over leads to the form, says so, and another one is live again', async () => {
  const { page } = dashboard;
  await dashboard.enter();
  await page.getByText('The login is over. Log in again.').waitFor();
  expect(await page.getByRole('navigation').count()).toBe(0);
  await dashboard.enter();
});
