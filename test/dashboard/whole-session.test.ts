import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createRepo, getSession, settled, startSession, until } from '../scenarios/session.ts';
import { complaintsOf, launchBrowser, live } from '../support/browser.ts';
import { nothingLeft, startStack, type Stack } from '../support/stack.ts';
import { screenshot } from './support.ts';

let stack: Stack;
let browser: Browser;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  stack = await startStack();
  browser = await launchBrowser([]);
});
afterAll(async () => {
  await browser?.close();
  await stack?.[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await page?.context().close();
  page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
  page.setDefaultTimeout(20_000);
  complaints = complaintsOf(page);
  await page.goto(stack.apiUrl);
  await page.getByLabel('API key').fill(stack.env['DAYPASS_API_KEYS']?.split(':')[1] ?? '');
  await page.getByRole('button', { name: 'Log in' }).click();
  await live(page);
});

const SCRIPT = String.raw`echo "Looking at $(git log --oneline | wc -l) commit of the repo"
for n in 1 2 3 4 5 6 7 8; do printf '\033[32m✓\033[0m test %s \033[2m(%s ms)\033[0m\n' "$n" "$((n * 7 % 23))"; sleep 0.25; done
printf '\033[31m✗ test 9\033[0m expected \033[1;33m42\033[0m, got \033[1;33m41\033[0m\n' >&2
sed -i s/41/42/ answer.txt && git commit -qam "Correct the answer" && git push -q origin HEAD:agent/answer
printf '\033[32m✓ test 9\033[0m\n\033[1m9 passed\033[0m\n'`;

test('a session is started by the form, watched to its end, and its token is seen revoked and verified, without reloading', async () => {
  const repo = await createRepo(stack, { 'answer.txt': '41\n' });
  await page.getByRole('link', { name: 'Start session' }).click();
  await page.getByLabel('Repo id').fill(repo);
  await page.getByLabel('Path').fill('app');
  await page.getByLabel('Script').fill(SCRIPT);
  await page.getByLabel('Metadata').fill('task=answer\nagent=sample');
  await page.getByLabel('Timeout', { exact: true }).fill('120');
  await page.getByRole('button', { name: 'Start it' }).click();

  await page.waitForURL(/#ses_/);
  const id = new URL(page.url()).hash.slice(1);
  const title = page.locator('.title');
  await title.getByText('running').waitFor();
  await page.locator('#log').getByText('test 3').waitFor();
  expect((await getSession(stack, id)).status).toBe('running');
  await title.getByText('succeeded').waitFor();
  const facts = page.getByLabel('Facts');
  await facts.getByText('revoked').waitFor();
  await facts.getByText('✓ verified').waitFor();
  await page.getByLabel('State of the log').getByText('complete').waitFor();
  await page.locator('#log').getByText('9 passed').waitFor();
  for (const step of ['queued', 'token', 'container', 'clone', 'running', 'revoked, verified', 'container removed']) {
    await page.locator(`[data-step="${step}"][data-now="false"]`).waitFor();
  }
  await page.getByLabel('Receipt').getByText('Ed25519').waitFor();
  expect(await page.locator('#log .ansi-red').first().textContent()).toBe('✗ test 9');
  await screenshot(page, 'session');

  await page.getByRole('link', { name: 'All sessions' }).click();
  const row = page.locator(`[data-session="${id}"]`);
  await row.getByText('succeeded').waitFor();
  await row.getByText((await settled(stack, id)).token?.fingerprint ?? 'none').waitFor();
  expect(complaints).toEqual([]);
  await nothingLeft(stack);
});

test('a session that runs is stopped with its token revoked first, as the ledger of tokens shows too', async () => {
  const repo = await createRepo(stack);
  const { id } = await startSession(stack, { repos: [{ id: repo, path: 'docs' }], command: ['sleep', '600'] });
  await page.goto(`${stack.apiUrl}/#${id}`);
  await page.locator('.title').getByText('running').waitFor();
  const { token } = await until(stack, id, ({ token: now }) => now?.state === 'active');
  await page.getByText('Stop…').click();
  await page.getByLabel('Seconds to end by itself').fill('1');
  await page.getByLabel(/revoke now/).check();
  await page.getByRole('button', { name: 'Stop it' }).click();
  await page.locator('.title').getByText('stopped').waitFor();
  await page.getByLabel('Facts').getByText('✓ verified').waitFor();
  const order = await page.locator('[data-event]').evaluateAll((items) => items.map((item) => item.dataset['event']));
  expect(order.indexOf('token_revoking')).toBeLessThan(order.indexOf('ended'));
  await page.getByRole('link', { name: 'Tokens' }).click();
  const row = page.locator(`[data-token="${token?.id}"]`);
  await row.getByText('revoked').waitFor();
  await row.getByText(token?.fingerprint ?? 'none').waitFor();
  expect(complaints).toEqual([]);
  await nothingLeft(stack);
});

test('a token is revoked by hand on its row, and its session stops', async () => {
  const repo = await createRepo(stack);
  const { id } = await startSession(stack, { repos: [{ id: repo }], command: ['sleep', '600'] });
  const { token } = await until(stack, id, ({ status }) => status === 'running');
  page.on('dialog', (dialog) => void dialog.accept());
  await page.getByRole('link', { name: 'Tokens' }).click();
  const row = page.locator(`[data-token="${token?.id}"]`);
  await row.getByRole('button', { name: /^Revoke/ }).click();
  await row.getByText('✓ verified').waitFor();
  await page.getByRole('link', { name: 'Sessions', exact: true }).click();
  await page
    .locator(`[data-session="${id}"]`)
    .getByText(/stopped|failed/)
    .first()
    .waitFor();
  expect(complaints).toEqual([]);
  await nothingLeft(stack);
});

test('the API is started again while the page is open: the page says so, is live again, and has missed nothing', async () => {
  const repo = await createRepo(stack);
  const command = ['sh', '-c', 'for n in $(seq 1 30); do echo "line $n"; sleep 0.2; done'];
  const { id } = await startSession(stack, { repos: [{ id: repo }], command });
  await page.goto(`${stack.apiUrl}/#${id}`);
  await page.locator('#log').getByText('line 2', { exact: true }).waitFor();
  await stack.stop('api');
  await page.getByRole('status').getByText('connection lost').waitFor();
  await stack.start('api');
  await live(page);
  await page.locator('.title').getByText('succeeded').waitFor();
  await page.getByLabel('State of the log').getByText('complete').waitFor();
  await page.getByLabel('Facts').getByText('✓ verified').waitFor();
  const lines = await page.locator('#log .line-text').allTextContents();
  expect(lines.filter((line) => line.startsWith('line'))).toEqual(
    Array.from({ length: 30 }, (_, index) => `line ${index + 1}`),
  );
  // What the browser says of the connection that was lost is no complaint of the page.
  expect(complaints.filter((text) => !/ERR_|Failed to load/.test(text))).toEqual([]);
  await nothingLeft(stack);
});

test('what a team sees: sessions in all states, and the tokens that they hold', async () => {
  const [app, docs, api] = await Promise.all([createRepo(stack), createRepo(stack), createRepo(stack)]);
  const start = (path: string, repo: string, script: string, metadata: Record<string, string>) =>
    startSession(stack, {
      repos: [{ id: repo, path }],
      command: ['bash', '-c', script],
      timeoutSeconds: 900,
      metadata,
    });
  const ended = [
    await start('app', app, 'exit 0', { task: '112', agent: 'claude' }),
    await start('docs', docs, 'exit 3', { task: '113', agent: 'codex' }),
    await start('api', api, 'no-such-agent', { task: '114', agent: 'aider' }),
  ];
  await Promise.all(ended.map(({ id }) => settled(stack, id)));
  const running = [
    await start('app', app, 'sleep 600', { task: '115', agent: 'claude' }),
    await start('api', api, 'sleep 600', { task: '116', agent: 'opencode' }),
  ];
  for (const { id } of running) await page.locator(`[data-session="${id}"]`).getByText('active').waitFor();
  for (const { id } of ended) await page.locator(`[data-session="${id}"]`).getByText('✓ verified').waitFor();
  for (const { id } of running) await page.locator(`[data-session="${id}"]`).getByText('running').waitFor();
  await page.getByLabel('Sessions under way').getByText('2 running').waitFor();
  await screenshot(page, 'sessions');
  await page.getByRole('link', { name: 'Workers' }).click();
  for (const { id } of running) await page.locator('[data-worker]').getByText(id).waitFor();
  await page.getByRole('link', { name: 'Tokens' }).click();
  for (const { id } of [...ended, ...running]) await page.locator('[data-token]').getByText(id).waitFor();
  await screenshot(page, 'tokens');
  expect(complaints).toEqual([]);
  for (const { id } of running) await stack.call('POST', `/v1/sessions/${id}/stop`, { graceSeconds: 0 });
  await nothingLeft(stack);
});
