import { expect, test } from 'vitest';
import { putSession } from '../support/api-rig.ts';
import { useDashboard } from '../support/browser.ts';

const dashboard = useDashboard();
const fromNow = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString();

test.each([
  ['ten minutes ahead', 600_000],
  ['ten minutes behind', -600_000],
])('a page whose browser’s clock is %s tells ages and times left by the API’s', async (_what, skewMs) => {
  const { page, rig } = dashboard;
  await page.addInitScript(`{ const now = Date.now; Date.now = () => now() + ${skewMs}; }`);
  await page.goto(rig.api.url);
  await dashboard.enter();
  const { session } = await putSession(rig.redis, {
    status: 'running',
    createdAt: fromNow(-3),
    startedAt: fromNow(-3),
    runningAt: fromNow(-3),
    deadlineAt: fromNow(5),
  });
  await page.goto(`${rig.api.url}/#${session.id}`);
  await page
    .getByLabel('Facts')
    .getByText(/in 4 min/)
    .waitFor();
  expect(await page.getByLabel('Steps').textContent()).toMatch(/3 min( \d+ s)? …/);
});
