import { beforeEach, expect, test } from 'vitest';
import { change } from '../../src/store/records.ts';
import { putSession } from '../support/api-rig.ts';
import { useDashboard } from '../support/browser.ts';

const dashboard = useDashboard();

beforeEach(() => dashboard.enter());

const secondsAgo = (seconds: number): string => new Date(Date.now() - seconds * 1_000).toISOString();

test('a session past its deadline that does not end is an alarm on every page, with words, until it has ended', async () => {
  const { page } = dashboard;
  const chip = page.getByRole('banner').getByText('overdue');
  const { session } = await putSession(dashboard.rig.redis, { status: 'stopping', deadlineAt: secondsAgo(610) });
  await chip.waitFor();
  expect(await chip.getAttribute('data-level')).toBe('alarm');
  const note = page.getByRole('alert', { name: 'Overdue sessions' });
  expect(await note.textContent()).toMatch(/1\s+session is past its deadline and has not ended, for up to 10 min/);
  await page.getByRole('link', { name: 'Workers' }).click();
  await chip.waitFor();
  await page.getByRole('link', { name: 'Sessions' }).click();
  await change(
    dashboard.rig.redis,
    { sessionId: session.id },
    ({ session: now }) =>
      now && { session: { ...now, status: 'timed_out', endedAt: secondsAgo(0) }, events: [{ type: 'ended' }] },
  );
  await chip.waitFor({ state: 'detached' });
  await note.waitFor({ state: 'detached' });
  expect(dashboard.complaints).toEqual([]);
});
