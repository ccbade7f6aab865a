import { expect, it } from 'vitest';
import type { RequestHandler } from '../../src/egress/request-handler.ts';
import { formatTarget } from '../../src/egress/target.ts';
import { exchange, gatewayRig } from './support/rig.ts';

const request = (target: string) => `GET ${target} HTTP/1.1\r\nHost: git.example.com\r\nConnection: close\r\n\r\n`;

/** Answers for git.example.com:80 and for the gateway itself, and says what it was asked. */
const teller: RequestHandler = {
  serves: (target) => target === null || formatTarget(target) === 'git.example.com:80',
  handle: async ({ res, target, path }) => void res.end(`asked ${target && formatTarget(target)} for ${path}`),
};

it('has a handler answer what it serves: of the gateway itself, by URL and in a tunnel', async () => {
  const rig = await gatewayRig({ repoPort: 1, handlersFor: () => [teller] });
  await rig.start();
  const path = await rig.sandbox('sbx_a');
  expect(await exchange(path, request('/a?b=c'))).toMatch(/asked null for \/a\?b=c$/);
  expect(await exchange(path, request('http://git.example.com/a?b=c'))).toMatch(
    /asked git\.example\.com:80 for \/a\?b=c$/,
  );
  const tunnelled = `CONNECT git.example.com:80 HTTP/1.1\r\nHost: x\r\n\r\n${request('/in/a/tunnel')}`;
  expect(await exchange(path, tunnelled)).toMatch(
    /^HTTP\/1\.1 200 Connection Established[^]*asked git\.example\.com:80 for \/in/,
  );
});

it('gives what no handler serves to nobody else than before, and has a failing one cut the connection only', async () => {
  const broken: RequestHandler = {
    serves: (target) => target?.host === 'git.example.com',
    handle: () => Promise.reject(new Error('broken')),
  };
  const rig = await gatewayRig({
    repoPort: 1,
    handlersFor: ({ sandboxId }) => (sandboxId === 'sbx_a' ? [broken] : []),
  });
  await rig.start();
  const path = await rig.sandbox('sbx_a');
  expect(await exchange(path, request('http://git.example.com/'))).toBe('');
  expect(await exchange(path, request('http://other.example.com/'))).toMatch(/^HTTP\/1\.1 403/);
  expect(await exchange(path, request('/'))).toMatch(/^HTTP\/1\.1 400/);
  expect(await exchange(await rig.sandbox('sbx_b'), request('http://git.example.com/'))).toMatch(/^HTTP\/1\.1 403/);
});
