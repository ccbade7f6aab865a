import { beforeEach, expect, test } from 'vitest';
import { readSession } from '../../src/store/records.ts';
import { useDashboard } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { REPO_A } from '../support/records.ts';

const dashboard = useDashboard();
const REPO_B = '22222222-2222-4222-8222-222222222222';

beforeEach(async () => {
  await dashboard.enter();
  await dashboard.page.getByRole('link', { name: 'Start session' }).click();
});

const openSessions = () => dashboard.rig.redis.zcard('daypass:sessions');

async function started() {
  const { page, rig } = dashboard;
  await page.waitForURL(/#ses_/);
  return (await readSession(rig.redis, new URL(page.url()).hash.slice(1)))?.request;
}

test('every field of the form reaches the session', async () => {
  const { page } = dashboard;
  await page.getByLabel('Repo id').fill(REPO_A);
  await page.getByLabel('Ref').fill('main');
  await page.getByLabel('Path').fill('app');
  await page.getByLabel('Depth').fill('1');
  await page.getByRole('button', { name: 'Another repo' }).click();
  await page.getByLabel('Repo id').nth(1).fill(REPO_B);
  await page.getByLabel('Path').nth(1).fill('lib');
  await page.getByLabel('Kind').selectOption('arguments');
  await page.getByLabel('Program and arguments').fill('npm\ntest');
  await page.getByLabel('Variables').fill('CI=true\nQUERY=a=b');
  await page.getByLabel('Metadata').fill('task=42');
  await page.getByLabel('Timeout', { exact: true }).fill('600');
  await page.getByLabel('Memory').fill('512');
  await page.getByLabel('Token').selectOption('gateway');
  await page.getByLabel('Network').fill('api.example.com\n*.example.org:8443');
  await page.getByRole('button', { name: 'Start it' }).click();
  expect(await started()).toMatchObject({
    repos: [
      { id: REPO_A, ref: 'main', path: 'app', access: 'write', depth: 1 },
      { id: REPO_B, ref: null, path: 'lib', depth: null },
    ],
    command: ['npm', 'test'],
    env: { CI: 'true', QUERY: 'a=b' },
    metadata: { task: '42' },
    timeoutSeconds: 600,
    resources: { memoryMb: 512, cpus: 1 },
    credentials: { delivery: 'gateway' },
    network: { allow: ['api.example.com', '*.example.org:8443'] },
  });
  expect(dashboard.complaints).toEqual([]);
});

test('what the API refuses is said at the fields that are wrong, and nothing is started', async () => {
  const { page } = dashboard;
  const before = await openSessions();
  await page.getByLabel('Repo id').fill('not-a-uuid');
  await page.getByLabel('Path').fill('../up');
  await page.getByLabel('Script').fill('true');
  await page.getByLabel('Variables').fill('GIT_DIR=/tmp');
  await page.getByRole('button', { name: 'Start it' }).click();
  await page.locator('[data-path="repos[0].id"]').getByText('must be a UUID').waitFor();
  expect(await page.getByLabel('Repo id').getAttribute('aria-invalid')).toBe('true');
  expect(await page.locator('[data-path="repos[0].path"] .wrong').count()).toBe(1);
  await page.locator('[data-path="env"]').getByText('GIT_DIR').waitFor();
  expect(await page.getByLabel('Script').getAttribute('aria-invalid')).toBe('false');
  await page.getByRole('alert').getByText('The request has fields that cannot be accepted.').waitFor();
  expect(await openSessions()).toBe(before);
});

test('sent twice at once, it starts one session', async () => {
  const { page } = dashboard;
  const before = await openSessions();
  await page.getByLabel('Repo id').fill(REPO_A);
  await page.getByLabel('Script').fill('true');
  const sent: string[] = [];
  page.on(
    'request',
    (request) => void (request.method() === 'POST' && sent.push(request.headers()['idempotency-key'] ?? '')),
  );
  // The answer to the first one is lost on its way.
  await page.route('**/v1/sessions', async (route) => {
    if (route.request().method() !== 'POST' || sent.length > 1) return route.continue();
    await route.fetch();
    return route.abort();
  });
  await page.getByRole('button', { name: 'Start it' }).dblclick();
  await page.getByRole('alert').getByText('The API does not answer.').waitFor();
  await page.getByRole('button', { name: 'Start it' }).click();
  await page.waitForURL(/#ses_/);
  expect(sent).toHaveLength(2);
  expect(sent[0]).toBe(sent[1]);
  expect(await openSessions()).toBe(before + 1);
});

test('a repo that is taken away after an answer was lost makes it another request', async () => {
  const { page } = dashboard;
  await page.getByLabel('Repo id').fill(REPO_A);
  await page.getByRole('button', { name: 'Another repo' }).click();
  await page.getByLabel('Repo id').nth(1).fill(REPO_B);
  await page.getByLabel('Script').fill('true');
  let isLost = false;
  await page.route('**/v1/sessions', async (route) => {
    if (route.request().method() !== 'POST' || isLost) return route.continue();
    isLost = true;
    await route.fetch();
    return route.abort();
  });
  await page.getByRole('button', { name: 'Start it' }).click();
  await page.getByRole('alert').getByText('The API does not answer.').waitFor();
  await page.getByRole('button', { name: 'Without repo 2' }).click();
  await page.getByRole('button', { name: 'Start it' }).click();
  expect((await started())?.repos).toMatchObject([{ id: REPO_A }]);
});

test('a secret is sent once and is nowhere in the page, its address or its storage afterwards', async () => {
  const { page, rig } = dashboard;
  const secret = 'sk-obviously-fake-secret';
  await page.getByLabel('Repo id').fill(REPO_A);
  await page.getByLabel('Script').fill('true');
  await page.getByLabel('Name of secret 1').fill('MODEL_API_KEY');
  await page.getByLabel('Value of secret 1').fill(secret);
  expect(await page.getByLabel('Value of secret 1').getAttribute('type')).toBe('password');
  await page.getByRole('button', { name: 'Start it' }).click();
  await page.waitForURL(/#ses_/);
  const record = await readSession(rig.redis, new URL(page.url()).hash.slice(1));
  expect(record?.sealedSecrets).not.toBeNull();
  await page.goBack();
  await page.getByLabel('Repo id').waitFor();
  const everything = await page.evaluate(
    "document.documentElement.outerHTML + [...document.querySelectorAll('input')].map((input) => input.value) + JSON.stringify([{ ...localStorage }, { ...sessionStorage }]) + location.href",
  );
  expect(everything).not.toContain(secret);
});

test('the network of a session is changed by hand, a wrong rule is said to be wrong, and what is over cannot be changed', async () => {
  const { page, rig } = dashboard;
  await page.getByLabel('Repo id').fill(REPO_A);
  await page.getByLabel('Script').fill('true');
  await page.getByRole('button', { name: 'Start it' }).click();
  await page.waitForURL(/#ses_/);
  const id = new URL(page.url()).hash.slice(1);
  await page.getByText('Network…').click();
  await page.getByLabel('Hosts besides the repo host').fill('not a host!');
  await page.getByRole('button', { name: 'Change allow list' }).click();
  await page.getByRole('alert').getByText('allow[0]').waitFor();
  await page.getByLabel('Hosts besides the repo host').fill('api.example.com');
  await page.getByRole('button', { name: 'Change allow list' }).click();
  await page.getByLabel('Facts').getByText('api.example.com').waitFor();
  expect(await page.getByRole('button', { name: 'Change allow list' }).isVisible()).toBe(false);
  await page.getByText('Stop…').click();
  await page.keyboard.press('Escape');
  await eventually(
    () => page.getByRole('button', { name: 'Stop it' }).isVisible(),
    (visible) => !visible,
  );
  await rig.call('POST', `/v1/sessions/${id}/stop`);
  await page.locator('.title').getByText('stopped').waitFor();
  expect(await page.getByText('Network…').count()).toBe(0);
});
