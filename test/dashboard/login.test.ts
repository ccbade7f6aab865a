import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { readSession } from '../../src/store/records.ts';
import { appendLog } from '../support/logs.ts';
import { putSession } from '../support/api-rig.ts';
import { live, useDashboard } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { REPO_A } from '../support/records.ts';

const dashboard = useDashboard();
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A page of somebody else, whose script can reach the dashboard's address. */
async function otherPage(html: string): Promise<string> {
  const server = createServer((_req, res) => void res.writeHead(200, { 'content-type': 'text/html' }).end(html));
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return `http://evil.test.example:${(server.address() as AddressInfo).port}`;
}

test('a wrong key is said to be wrong; a good one is typed once, and no script can find anything of it', async () => {
  const { page, rig } = dashboard;
  await page.getByLabel('API key').fill('dp_wrong');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByText('This API key is not known here.').waitFor();
  await dashboard.enter();
  await page.reload();
  await live(page);
  expect(await page.evaluate('sessionStorage.length + localStorage.length + document.cookie.length')).toBe(0);
  const [cookie] = await page.context().cookies();
  expect(cookie).toMatchObject({ name: '__Host-daypass', httpOnly: true, secure: true, sameSite: 'Strict', path: '/' });
  expect((await page.content()) + JSON.stringify(cookie)).not.toContain(rig.api.key);
  const stored = await Promise.all((await rig.redis.keys('daypass:login:*')).map((name) => rig.redis.get(name)));
  expect((await rig.redis.keys('*')).join() + stored.join()).not.toContain(cookie?.value);
});

test('a browser that does not keep the login is told of, instead of being sent round in a circle', async () => {
  const { page } = dashboard;
  const login = { keyId: 'key_1', name: 'test', scopes: ['read'], csrfToken: 'x' };
  await page.route('**/login', (route) =>
    // As if it had refused the cookie.
    route.request().method() === 'POST' ? route.fulfill({ json: { login } }) : route.continue(),
  );
  await page.getByLabel('API key').fill('dp_right');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('alert').getByText('This browser did not keep the login').waitFor();
  expect(await page.getByLabel('API key').isVisible()).toBe(true);
});

test('a logout ends the login for good, also for whoever has copied the cookie', async () => {
  const { page, rig } = dashboard;
  await dashboard.enter();
  const [cookie] = await page.context().cookies();
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByLabel('API key').waitFor();
  await eventually(
    async () => (await page.context().cookies()).length,
    (count) => count === 0,
  );
  const headers = { cookie: `__Host-daypass=${cookie?.value}`, 'sec-fetch-site': 'same-origin' };
  expect((await rig.call('GET', '/v1/sessions', { key: null, headers })).status).toBe(401);
  await page.reload();
  await page.getByLabel('API key').waitFor();
  expect(dashboard.complaints).toEqual([]);
});

test('whoever has a key that is revoked is logged out at once', async () => {
  const { page, rig } = dashboard;
  const made = (await rig.call('POST', '/v1/api-keys', { body: { name: 'short', scopes: ['read'] } })).body as {
    id: string;
    key: string;
  };
  await page.getByLabel('API key').fill(made.key);
  await page.getByRole('button', { name: 'Log in' }).click();
  await live(page);
  expect((await rig.call('DELETE', `/v1/api-keys/${made.id}`)).status).toBeLessThan(300);
  await page.getByText('The login is over. Log in again.').waitFor();
});

test('a page of somebody else can start and stop nothing, and read nothing, with the login of this browser', async () => {
  const { page, rig } = dashboard;
  await dashboard.enter();
  const { session } = await putSession(rig.redis);
  const before = await rig.redis.zcard('daypass:sessions');
  const attack = `
    const api = ${JSON.stringify(rig.api.url)};
    const body = ${JSON.stringify(JSON.stringify({ repos: [{ id: REPO_A }] }))};
    const tries = [
      fetch(api + '/v1/sessions', { credentials: 'include' }),
      fetch(api + '/login', { credentials: 'include' }),
      fetch(api + '/v1/sessions', { method: 'POST', credentials: 'include', body }),
      fetch(api + '/v1/sessions', { method: 'POST', credentials: 'include', mode: 'no-cors', body }),
      fetch(api + '/v1/sessions/${session.id}/stop', { method: 'POST', credentials: 'include', mode: 'no-cors' }),
      fetch(api + '/v1/sessions/${session.id}/stop', { method: 'POST', credentials: 'include', headers: { 'x-csrf-token': 'x' } }),
      fetch(api + '/logout', { method: 'POST', credentials: 'include', mode: 'no-cors' }),
    ];
    const form = document.createElement('form');
    form.method = 'POST'; form.enctype = 'text/plain'; form.target = 'there';
    form.action = api + '/v1/sessions/${session.id}/stop';
    document.body.append(form); form.submit();
    Promise.allSettled(tries.map((one) => one.then((answer) => answer.text()))).then((all) => {
      document.title = 'tried ' + all.filter(({ value }) => value).length;
    });`;
  const url = await otherPage(
    `<!doctype html><iframe name="there"></iframe><iframe id="frame" src="${rig.api.url}/"></iframe><script type="module">${attack}</script>`,
  );
  const other = await page.context().newPage();
  await other.goto(url);
  await other.waitForFunction("document.title.startsWith('tried')");
  // Not one answer could be read.
  expect(await other.title()).toBe('tried 0');
  expect(other.frames().some((frame) => frame.url().startsWith(rig.api.url) && frame.name() !== 'there')).toBe(false);
  expect((await readSession(rig.redis, session.id))?.stop).toBeNull();
  expect(await rig.redis.zcard('daypass:sessions')).toBe(before);
  await page.reload();
  await live(page);
});

test('a page whose name is made to lead to the dashboard (DNS rebinding) is refused', async () => {
  const { page, rig } = dashboard;
  await dashboard.enter();
  const other = await page.context().newPage();
  const answer = await other.goto(`http://rebound.test.example:${new URL(rig.api.url).port}/`);
  expect(answer?.status()).toBe(421);
  expect(await answer?.json()).toMatchObject({ code: 'unknown_host' });
});

test('markup in names, metadata, failures, events and lines is text, and what is injected all the same does not run', async () => {
  const { page, rig } = dashboard;
  await dashboard.enter();
  const nasty = '<script>document.title = "taken"</script><img src=x onerror="document.title = 1">';
  const repos = [{ id: REPO_A, ref: null, path: nasty, access: 'write' as const, depth: null }];
  const { session } = await putSession(rig.redis, {
    status: 'failed',
    endedAt: new Date().toISOString(),
    worker: nasty,
    failure: { code: 'clone_failed', message: nasty, step: nasty },
  });
  await rig.redis.set(
    `daypass:session:${session.id}`,
    JSON.stringify({ ...session, request: { ...session.request, repos, metadata: { nasty } } }),
  );
  await appendLog(rig, session.id, [{ id: '1', time: new Date().toISOString(), stream: 'stdout', text: nasty }]);
  await page.goto(`${rig.api.url}/#${session.id}`);
  await page.locator('#log').getByText(nasty).waitFor();
  await page.getByLabel('Facts').getByText(nasty).first().waitFor();
  await page.getByLabel('Failure').getByText(nasty).first().waitFor();
  expect(await page.locator('main script, main img').count()).toBe(0);
  expect(dashboard.complaints).toEqual([]);
  const injected = `
    try { document.getElementById('log').innerHTML = '<img src=x onerror="document.title = 1">'; } catch (error) { error.name; }
    const script = document.createElement('script');
    try { script.textContent = 'document.title = "taken"'; document.body.append(script); } catch (error) { error.name; }
    document.body.setAttribute('onclick', 'document.title = "taken"'); document.body.click();`;
  await page.evaluate(injected).catch(() => undefined);
  expect(await page.title()).toBe('Daypass');
});
