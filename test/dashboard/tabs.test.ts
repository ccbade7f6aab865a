import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { putSession } from '../support/api-rig.ts';
import { complaintsOf, live, useDashboard } from '../support/browser.ts';

const dashboard = useDashboard();

/** As a browser tells a tab that another one is in front of it, or none. A browser without a screen says so of none. */
async function turn(page: Page, state: 'visible' | 'hidden'): Promise<void> {
  await page.evaluate(`
    Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  `);
}

test('as many tabs as one likes may be open, and the one in front is live', async () => {
  const { page: first, rig } = dashboard;
  await dashboard.enter();
  const { session } = await putSession(rig.redis);
  const tabs = [first];
  for (let count = 1; count <= 3; count++) {
    // Each has streams of its own, of the six connections that a browser has for all of them together.
    await tabs.at(-1)?.goto(`${rig.api.url}/#${session.id}`);
    await tabs.at(-1)?.getByRole('heading', { name: session.id }).waitFor();
    await turn(tabs.at(-1) ?? first, 'hidden');
    tabs.push(await first.context().newPage());
    await tabs.at(-1)?.goto(rig.api.url, { timeout: 10_000 });
  }
  const last = tabs.at(-1) ?? first;
  const complaints = complaintsOf(last);
  await live(last);
  await last.locator(`[data-session="${session.id}"]`).waitFor();
  await turn(last, 'hidden');
  await rig.call('POST', `/v1/sessions/${session.id}/stop`);
  await turn(first, 'visible');
  await first.locator('.title').getByText('stopped').waitFor();
  expect(complaints).toEqual([]);
});
