import { afterEach, beforeEach, expect, test } from 'vitest';
import { ACCOUNT_KEY, createRepo, openTestHost, type TestHost } from '../../git-host/support/test-host.ts';
import { eventually } from '../../support/eventually.ts';
import { startLossyProvider, type LossyProvider } from './lossy-provider.ts';

let host: TestHost;
let provider: LossyProvider;
let repoId: string;

beforeEach(async () => {
  host = await openTestHost();
  provider = await startLossyProvider();
  provider.forwardTo(new URL(host.url).origin);
  repoId = (await createRepo(host, { 'a.txt': 'a' })).id;
});

afterEach(async () => {
  await provider[Symbol.asyncDispose]();
  await host[Symbol.asyncDispose]();
});

async function call(method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> {
  const response = await fetch(`${provider.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${ACCOUNT_KEY}` },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
}

const mint = () => call('POST', '/repo_token', { name: 'test', repo_ids: [repoId] });
/** Resolves when so many mintings have come here, and were not let through as they are. */
const underWay = (count: number) =>
  eventually(
    () => provider.counts().mint.broken,
    (broken) => broken === count,
  );
const live = async () => ((await host.call('GET', '/repo_token')).body as { total_items: number }).total_items;

test('without an order everything goes through, git’s own traffic included', async () => {
  const { status, text } = await mint();
  expect(status).toBe(201);
  expect(provider.values()).toEqual([(JSON.parse(text) as { token: string }).token]);
  expect((await call('GET', `/repo/${repoId}.git/info/refs?service=git-upload-pack`)).text).toContain('# service');
  expect(provider.counts()).toMatchObject({ mint: { calls: 1, broken: 0 }, verify: { calls: 0 } });
});

test.each(['reset_after_commit', 'half_body'] as const)(
  'a minting with %s makes a token whose value the caller never gets, and this proxy knows',
  async (fault) => {
    provider.fail('mint', fault, 1);
    await expect(mint()).rejects.toThrow();
    expect(await live()).toBe(1);
    expect(provider.values()).toHaveLength(1);
  },
);

test('a deletion that is not forwarded is answered 204, and the token lives', async () => {
  await mint();
  provider.fail('delete', 'not_forwarded', 1);
  const [value = ''] = provider.values();
  expect((await call('DELETE', `/repo_token/${value}`)).status).toBe(204);
  expect(await live()).toBe(1);
  expect((await call('DELETE', `/repo_token/${value}`)).status).toBe(204);
  expect(await live()).toBe(0);
});

test('a call with a status never reaches the host; mending ends what hangs and the time of the outage', async () => {
  provider.fail('mint', { status: 429, retryAfterSeconds: 2 });
  expect((await mint()).status).toBe(429);
  expect(await live()).toBe(0);
  provider.fail('mint', 'hang');
  const hanging = mint();
  hanging.catch(() => undefined);
  await underWay(2);
  provider.mend();
  await expect(hanging).rejects.toThrow();
  expect(provider.outages()).toEqual([{ from: expect.any(Number), to: expect.any(Number) }]);
  expect((await mint()).status).toBe(201);
});

test('what is held reaches the host only when all is mended, and is then answered as if nothing had been', async () => {
  provider.fail('mint', 'held', 1);
  const held = mint();
  await underWay(1);
  expect(await live()).toBe(0);
  provider.mend();
  expect((await held).status).toBe(201);
  expect(await live()).toBe(1);
});
