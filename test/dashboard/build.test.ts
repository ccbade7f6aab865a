import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readDashboard } from '../../src/api/serve-dashboard.ts';
import { ensureDashboard } from '../../src/dashboard/build/ensure.ts';
import { HERE, placesIn } from '../../src/dashboard/build/places.ts';
import { apiClient } from '../support/api-client.ts';
import { startTestApi } from '../support/api.ts';
import { startTestRedis } from '../support/redis.ts';

/** The sources that a build needs, somewhere else. */
async function checkout() {
  const root = await mkdtemp(join(tmpdir(), 'daypass-build-'));
  onTestFinished(() => rm(root, { recursive: true }));
  await cp(join(HERE.root, 'src'), join(root, 'src'), { recursive: true });
  for (const file of ['package.json', 'tsconfig.json']) await cp(join(HERE.root, file), join(root, file));
  await symlink(join(HERE.root, 'node_modules'), join(root, 'node_modules'));
  return placesIn(root);
}

test('the page is built when there is no build or a source has changed, and only then', async () => {
  const places = await checkout();
  expect(await ensureDashboard(places)).toBe(true);
  expect(await ensureDashboard(places)).toBe(false);
  const style = join(places.app, 'style', 'base.css');
  await writeFile(style, `${await readFile(style, 'utf8')}\n.new { color: var(--ink); }\n`);
  expect(await ensureDashboard(places)).toBe(true);
  const states = join(places.root, 'src', 'session', 'status.ts');
  await writeFile(states, `${await readFile(states, 'utf8')}\n// changed\n`);
  expect(await ensureDashboard(places)).toBe(true);
  expect(await ensureDashboard(places)).toBe(false);
  expect(await readdir(join(places.root, 'dist'))).toEqual(['dashboard']);
});

test('sources that cannot be built leave the build that was there', async () => {
  const places = await checkout();
  await ensureDashboard(places);
  await writeFile(join(places.app, 'main.tsx'), 'this is no program');
  await expect(ensureDashboard(places)).rejects.toThrow(/main\.tsx/);
  expect((await readDashboard(places.built)).has('index.html')).toBe(true);
});

test('the built page has one script and one style sheet, none of them inline, and asks nobody else', async () => {
  const files = await readDashboard();
  const page = files.get('index.html')?.content.toString() ?? '';
  expect(page.match(/<script[^>]*>[^<]*/g)).toHaveLength(1);
  expect(page).not.toMatch(/<style|\son\w+=|javascript:/);
  const styles = [...files].filter(([name]) => name.endsWith('.css')).map(([, { content }]) => content.toString());
  expect(styles).toHaveLength(1);
  expect(page + styles.join()).not.toMatch(/https?:/);
});

test('an API without a built page works, and says at / how to build it', async () => {
  await using redis = { store: await startTestRedis(), [Symbol.asyncDispose]: () => redis.store.stop() };
  await using api = await startTestApi({ redisUrl: redis.store.url, dashboardDir: '/nonexistent' });
  const call = apiClient(api);
  expect((await call('GET', '/healthz')).status).toBe(200);
  expect(await call('GET', '/', { key: null })).toMatchObject({
    status: 503,
    body: { code: 'unavailable', detail: expect.stringContaining('node src/dashboard/build/main.ts') },
  });
});
