import { createServer, type RequestListener } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ProviderError, type TokenProvider } from '../../../src/token/provider.ts';
import { hostOf } from '../../../src/token/relace/host-of.ts';
import { createRelaceProvider } from '../../../src/token/relace/relace-provider.ts';
import { Secret } from '../../../src/token/secret.ts';
import { describeTokenProvider } from '../../contracts/token-provider.ts';
import { ACCOUNT_KEY, openTestHost } from '../../git-host/support/test-host.ts';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const PIECE = Buffer.alloc(MIB, 'x');
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

  describe.each([
    [200, 'The repo host answers with more than 8388608 bytes'],
    [500, 'The repo host answered 500'],
  ])('with status %i and an answer without end', (status, said) => {
    const endless =
      (sent: { bytes: number }): RequestListener =>
      (_req, res) => {
        res.writeHead(status, { 'content-type': 'application/json' }).write('"');
        const more = (): void => {
          while (!res.destroyed && sent.bytes < GIB) {
            sent.bytes += PIECE.length;
            if (!res.write(PIECE)) return void res.once('drain', more);
          }
          res.end('"');
        };
        more();
      };
    const calls: [string, (provider: TokenProvider, signal: AbortSignal) => Promise<unknown>][] = [
      ['a minting', (provider, signal) => provider.mint({ ...mint, signal })],
      ['a question for a repo', (provider, signal) => provider.isRefused(new Secret(TOKEN), ['r'], signal)],
      ['a deletion', (provider, signal) => provider.delete(new Secret(TOKEN), signal)],
    ];

    it.each(calls)(
      '%s reads 8 MiB and no more',
      async (_name, call) => {
        const sent = { bytes: 0 };
        await using server = await serve(endless(sent));
        const error = await call(server.provider, AbortSignal.timeout(20_000)).catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ kind: 'unavailable' });
        expect((error as Error).message).toContain(said);
        expect(sent.bytes).toBeLessThan(64 * MIB);
      },
      60_000,
    );

    it('a minting unpacks 8 MiB and no more', async () => {
      const packed = gzipSync(JSON.stringify('x'.repeat(64 * MIB)));
      await using server = await serve((_req, res) => {
        res.writeHead(status, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(packed);
      });
      const minting = server.provider.mint({ ...mint, signal: AbortSignal.timeout(20_000) });
      await expect(minting).rejects.toThrow(said);
    }, 60_000);
  });

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
