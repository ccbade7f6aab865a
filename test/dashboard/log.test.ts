import { expect, test } from 'vitest';
import type { LogRecord } from '../../src/session/log-record.ts';
import { moveSession, putSession } from '../support/api-rig.ts';
import { useDashboard } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { appendLog } from '../support/logs.ts';

const dashboard = useDashboard();
const TIME = '2026-01-01T00:00:00.000Z';

const record = (id: number, text: string, stream: LogRecord['stream'] = 'stdout'): LogRecord => ({
  id: `${id}`,
  time: TIME,
  stream,
  text,
});

/** A session with these lines, opened in the browser. */
async function open(records: LogRecord[]): Promise<string> {
  const { page, rig } = dashboard;
  const { session } = await putSession(rig.redis);
  await appendLog(rig, session.id, records);
  await page.goto(`${rig.api.url}/#${session.id}`);
  await dashboard.enter();
  return session.id;
}

test('a hostile log is text: nothing of it becomes markup, a link, a title or a colour that hides', async () => {
  const { page } = dashboard;
  await open([
    record(1, '<script>document.title = "taken"</script><img src=x onerror="document.title = 1">'),
    record(
      2,
      '\u001b]8;;http://evil.test\u0007innocent\u001b]8;;\u0007 \u001b]0;taken\u0007\u001b]52;c;ZXZpbA==\u0007',
    ),
    record(3, '\u001b[8mhidden\u001b[0m\u001b[2J\u001b[1A\u001b[5mblinks\u001b[0m'),
    record(4, 'rm -rf /precious\rls -la'),
    record(5, '\u202ereversed\u0000\u001b'),
    record(6, '\u001b[38;5;0;url(http://evil.test)mx\u001b[38;2;1;2;3mtrue colour\u001b[0m'),
  ]);
  const log = page.locator('#log');
  await log.getByText('true colour').waitFor();
  const lines = await log.locator('.line-text').allTextContents();
  expect(lines.slice(0, 5)).toEqual([
    '<script>document.title = "taken"</script><img src=x onerror="document.title = 1">',
    'innocent ',
    'hiddenblinks',
    'rm -rf /precious␍ls -la',
    '<202E>reversed␀␛',
  ]);
  expect(await log.locator('script, img, a, iframe, [href], [src]').count()).toBe(0);
  await log.getByText('hidden').waitFor();
  expect(await page.title()).toBe('Daypass');
  expect(dashboard.complaints).toEqual([]);
});

test('colours are shown, go on over lines until they are reset, and are each stream’s own', async () => {
  await open([
    record(1, '\u001b[1;32mgood'),
    record(2, 'of the other', 'stderr'),
    record(3, 'still good\u001b[0m and plain'),
    record(4, '\u001b[38;5;208morange'),
  ]);
  const log = dashboard.page.locator('#log');
  await log.getByText('orange').waitFor();
  expect(await log.locator('.ansi-green.bold').allTextContents()).toEqual(['good', 'still good']);
  expect(await log.getByText('orange').getAttribute('style')).toContain('rgb(255, 135, 0)');
  await dashboard.page.getByLabel('Streams').selectOption('stderr');
  await log.getByText('good').first().waitFor({ state: 'detached' });
  expect(await log.locator('.line-text').allTextContents()).toEqual(['of the other']);
  expect(dashboard.complaints).toEqual([]);
});

test('it follows what comes, stays where a reader has scrolled, and goes back to the end when asked', async () => {
  const { page, rig } = dashboard;
  const id = await open(Array.from({ length: 300 }, (_, index) => record(index + 1, `line ${index + 1}`)));
  const log = page.locator('#log');
  await log.getByText('line 300', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Pause' }).click();
  await log.evaluate((box) => (box.scrollTop = 0));
  await log.getByText('line 1', { exact: true }).waitFor();
  await appendLog(rig, id, [record(301, 'line 301')]);
  await eventually(
    () => log.evaluate((box) => box.scrollHeight),
    (height) => height >= 301 * 18,
  );
  expect(await log.evaluate((box) => box.scrollTop)).toBe(0);
  await page.getByRole('button', { name: 'End' }).click();
  await log.getByText('line 301', { exact: true }).waitFor();
  await appendLog(rig, id, [record(302, 'line 302')]);
  await log.getByText('line 302', { exact: true }).waitFor();
  expect(dashboard.complaints).toEqual([]);
});

test('half a million lines leave the page quick: few are in the document, and the oldest are let go', async () => {
  const { page, rig } = dashboard;
  const LINES = 500_000;
  const { session } = await putSession(rig.redis);
  for (let from = 1; from <= LINES; from += 50_000) {
    const records = Array.from({ length: 50_000 }, (_, index) =>
      record(from + index, `\u001b[32mline\u001b[0m ${from + index}`),
    );
    await appendLog(rig, session.id, records);
  }
  await page.goto(`${rig.api.url}/#${session.id}`);
  await dashboard.enter();
  await page.locator('#log').getByText(`line ${LINES}`, { exact: true }).waitFor({ timeout: 50_000 });
  await page.getByText(/The first [\d,]+ lines are not kept on this page/).waitFor();
  expect(await page.locator('.line').count()).toBeLessThan(150);
  const startedAt = performance.now();
  await moveSession(rig.redis, session.id, { status: 'starting' });
  await page.locator('.title').getByText('starting').waitFor();
  expect(performance.now() - startedAt).toBeLessThan(3_000);
  expect(dashboard.complaints).toEqual([]);
});

/** One piece of a line after the other, each with its own number. */
function pieces(from: number, texts: string[]): LogRecord[] {
  return texts.map((text, index) => ({ ...record(from + index, text), partial: true }));
}

test('pieces of a line are one line as they come, and a bar shows its last state', async () => {
  const { page, rig } = dashboard;
  const id = await open([record(1, 'starts'), ...pieces(2, ['Continue? '])]);
  const log = page.locator('#log');
  await log.getByText('Continue?').waitFor();
  await appendLog(rig, id, [record(3, 'warns', 'stderr'), record(4, 'yes')]);
  await log.getByText('Continue? yes', { exact: true }).waitFor();
  const bar = Array.from({ length: 50 }, (_, index) => `${index + 1}% of it\r`);
  await appendLog(rig, id, pieces(5, bar));
  await log.getByText('50% of it').waitFor();
  const texts = await log.locator('.line-text').allTextContents();
  expect(texts).toEqual(['starts', 'Continue? yes', 'warns', '49 states before ␍ 50% of it']);
  await appendLog(rig, id, [record(55, '\u001b[Kdone')]);
  await log.getByText('done').waitFor();
  expect(await log.locator('.line').count()).toBe(4);
  expect(dashboard.complaints).toEqual([]);
});

test('two hundred lines of 64 KiB of returns leave the page quick', async () => {
  const { page, rig } = dashboard;
  const { session } = await putSession(rig.redis);
  const long = ['\r'.repeat(65_536), 'state\r'.repeat(10_922)];
  for (let from = 1; from <= 200; from += 50) {
    const records = Array.from({ length: 50 }, (_, index) => record(from + index, long[index % 2] ?? ''));
    await appendLog(rig, session.id, records);
  }
  await appendLog(rig, session.id, [record(201, 'the end')]);
  const startedAt = performance.now();
  await page.goto(`${rig.api.url}/#${session.id}`);
  await dashboard.enter();
  const log = page.locator('#log');
  await log.getByText('the end').waitFor({ timeout: 30_000 });
  expect(performance.now() - startedAt).toBeLessThan(20_000);
  expect(await log.locator('.line').count()).toBeLessThan(150);
  const changedAt = performance.now();
  await moveSession(rig.redis, session.id, { status: 'starting' });
  await page.locator('.title').getByText('starting').waitFor();
  expect(performance.now() - changedAt).toBeLessThan(3_000);
  expect(dashboard.complaints).toEqual([]);
});

test('on a screen of any height the lines fill their box', async () => {
  const { page } = dashboard;
  await page.setViewportSize({ width: 1280, height: 2_400 });
  await open(Array.from({ length: 110 }, (_, index) => record(index + 1, `line ${index + 1}`)));
  await page.locator('#log').getByText('line 110', { exact: true }).waitFor();
  expect(await page.locator('.line').count()).toBe(110);
});
