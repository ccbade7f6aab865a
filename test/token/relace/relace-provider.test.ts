import { createServer, type RequestListener } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ProviderError } from '../../../src/token/provider.ts';
import { hostOf } from '../../../src/token/relace/host-of.ts';
import { createRelaceProvider } from '../../../src/token/relace/relace-provider.ts';
import { Secret } from '../../../src/token/secret.ts';
import { describeTokenProvider } from '../../contracts/token-provider.ts';
import { ACCOUNT_KEY, openTestHost } from '../../git-host/support/test-host.ts';

const TOKEN = 'rlcr-1111111111111111111111111111111111111111';

describeTokenProvider('Relace, against the git host through the SDK', async () => {
  const host = await openTestHost();
  const repo = async (): Promise<string> => (await host.sdk().repo.create({})).repo_id;
  return {
    provider: createRelaceProvider({ baseUrl: host.url, apiKey: new Secret(ACCOUNT_KEY), canRestrictAccess: true }),
    repos: [await repo(), await repo()],
    pass: (seconds) => sleep(seconds * 1000),
    close: async () => host[Symbol.asyncDispose](),
  };
});

it('is known by its origin, and on this machine whatever its port', () => {
  expect(hostOf('https://api.relace.run/v1')).toBe('https://api.relace.run');
  expect(hostOf('https://api.relace.run:8443/v1')).not.toBe(hostOf('https://api.relace.run/v1'));
  for (const host of ['127.0.0.1:7080', '127.0.0.2:1', 'localhost:3', '[::1]:4'])
    expect(hostOf(`http://${host}/v1`)).toBe('loopback');
  expect(hostOf('http://127.0.0.1.example.com/v1')).not.toBe('loopback');
});

describe('Relace, when the host misbehaves', () => {
  const mint = { name: 'n', grants: [{ repoId: 'r', access: 'write' as const }], ttlSeconds: 60 };
  const cases: [string, RequestListener, Partial<ProviderError>][] = [
    ['500', (_q, res) => void res.writeHead(500).end('{"error":"x"}'), { kind: 'unavailable', retryAfterMs: null }],
    [
      '429 with Retry-After',
      (_q, res) => void res.writeHead(429, { 'retry-after': '7' }).end(),
      { kind: 'unavailable', retryAfterMs: 7000 },
    ],
    ['401', (_q, res) => void res.writeHead(401).end('{"error":"x"}'), { kind: 'unauthorized' }],
    ['a reset after the request', (_q, res) => void res.destroy(), { kind: 'unavailable' }],
    [
      'half a body',
      (_q, res) => {
        res.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' }).write('{"tok');
        setTimeout(() => res.destroy(), 50);
      },
      { kind: 'unavailable' },
    ],
  ];

  it.each(cases)('answers %s: a minting says what is known, after one request', async (_name, answer, expected) => {
    await using server = await serve(answer);
    const error = await server.provider
      .mint({ ...mint, signal: AbortSignal.timeout(5_000) })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProviderError);
    expect(error).toMatchObject(expected);
    expect(server.requests).toHaveLength(1);
  });

  it.each(cases)('answers %s: no error of a deletion holds the token', async (_name, answer) => {
    await using server = await serve(answer);
    const error = await server.provider
      .delete(new Secret(TOKEN), AbortSignal.timeout(5_000))
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProviderError);
    expect(String((error as Error).stack) + JSON.stringify(error)).not.toContain(TOKEN);
    expect((error as Error).cause).toBeUndefined();
  });

  it.each([[1_767_323_045], [null], [{ in: 'a while' }]])(
    'says %j of the end of a token: it is a token all the same',
    async (expiresAt) => {
      await using server = await serve((_q, res) => {
        res.writeHead(200, { 'content-type': 'application/json' });
        res.end(JSON.stringify({ token: TOKEN, expires_at: expiresAt }));
      });
      const minted = await server.provider.mint({ ...mint, signal: AbortSignal.timeout(5_000) });
      expect(minted.value.reveal()).toBe(TOKEN);
    },
  );

  it('hangs: the caller’s deadline ends the call', async () => {
    await using server = await serve(() => undefined);
    const minting = server.provider.mint({ ...mint, signal: AbortSignal.timeout(200) });
    await expect(minting).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('confirms a deletion while the token lives: asking with the token shows it', async () => {
    await using server = await serve((req, res) => {
      if (req.method === 'DELETE') res.writeHead(204).end();
      else res.writeHead(200, { 'content-type': 'application/json' }).end('{"repo_id":"r"}');
    });
    await server.provider.delete(new Secret(TOKEN), AbortSignal.timeout(5_000));
    expect(await server.provider.isRefused(new Secret(TOKEN), ['r'], AbortSignal.timeout(5_000))).toBe(false);
  });

  /** A host that answers by method and path; 404 to all else. */
  const only =
    (answers: Record<string, unknown>): RequestListener =>
    (req, res) => {
      const body = answers[`${req.method} ${(req.url ?? '').replace(TOKEN, 'TOKEN')}`];
      res.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' });
      res.end(JSON.stringify(body ?? { error: 'not found' }));
    };
  const isRefused = async (listener: RequestListener, repoIds: string[]): Promise<boolean> => {
    await using server = await serve(listener);
    return await server.provider.isRefused(new Secret(TOKEN), repoIds, AbortSignal.timeout(5_000));
  };
  const list = { 'GET /v1/repo?page_size=1': { items: [], total_items: 0 } };

  it('no longer has one of the repos: another one is asked', async () => {
    expect(await isRefused(only({ ...list, 'GET /v1/repo/s': { repo_id: 's' } }), ['r', 's'])).toBe(false);
  });

  it('no longer has any of the repos: the token itself is looked up', async () => {
    const token = { 'GET /v1/repo_token/TOKEN': { name: 'n', repo_ids: ['r'] } };
    expect(await isRefused(only({ ...list, ...token }), ['r', 's'])).toBe(false);
    expect(await isRefused(only(list), ['r', 's'])).toBe(true);
  });

  it('answers 404 to everything, or something else than its repos: nobody can tell', async () => {
    const error = { kind: 'unavailable', message: expect.stringContaining('list the repos') as string };
    await expect(isRefused(only({}), ['r'])).rejects.toMatchObject(error);
    const page = { 'GET /v1/repo?page_size=1': { greeting: 'welcome to nginx' } };
    await expect(isRefused(only(page), ['r'])).rejects.toMatchObject({ kind: 'unavailable' });
  });
});

async function serve(listener: RequestListener) {
  const requests: string[] = [];
  const server = createServer((req, res) => {
    requests.push(`${req.method}`);
    listener(req, res);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  return {
    requests,
    provider: createRelaceProvider({ baseUrl, apiKey: new Secret('account-key'), canRestrictAccess: false }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}
