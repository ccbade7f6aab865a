import { createServer, type RequestListener } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ProviderError } from '../../../src/token/provider.ts';
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
    expect(await server.provider.isRefused(new Secret(TOKEN), 'r', AbortSignal.timeout(5_000))).toBe(false);
  });

  it('no longer has the repo: the token itself is looked up', async () => {
    await using server = await serve((req, res) => {
      res.writeHead(req.url?.includes('/repo_token/') ? 200 : 404, { 'content-type': 'application/json' });
      res.end('{"name":"n","repo_ids":["r"]}');
    });
    expect(await server.provider.isRefused(new Secret(TOKEN), 'r', AbortSignal.timeout(5_000))).toBe(false);
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
