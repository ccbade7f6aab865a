import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { Secret } from '../../../src/token/secret.ts';
import { hangUp } from '../../fuzz/hang-ups/hang-up.ts';
import { nextOf, plansFor } from '../../fuzz/hang-ups/plans.ts';
import { gitRequests } from '../../fuzz/hang-ups/requests.ts';
import { randomFrom } from '../../support/random.ts';
import { serve } from '../support/rig.ts';
import { gitGatewayRig } from './rig.ts';

const CONNECTIONS = 400;
const AT_ONCE = 8;

// A rejected promise without a handler, which ended the gateway, fails every test of this file.
test('clients that hang up at any byte and moment of a fetch or a push leave nothing behind', async () => {
  const host = createServer((req, res) => {
    req.resume();
    const service = /git-(upload|receive)-pack/.exec(req.url ?? '')?.[0] ?? '';
    const part = req.method === 'GET' ? 'advertisement' : 'result';
    res.writeHead(200, { 'content-type': `application/x-${service}-${part}` });
    // While some of them leave.
    const timer = setInterval(() => res.write('0000'), 1);
    setTimeout(() => res.end(), 5);
    res.once('close', () => clearInterval(timer));
  });
  const port = await serve(host);
  const at = await gitGatewayRig({
    repoOrigin: `http://127.0.0.1:${port}`,
    git: {
      tokenId: 'tok_1',
      repos: [{ id: 'r', access: 'write', push: { branches: ['mine/*'], force: false, delete: false } }],
    },
    ask: async () => ({
      tokenId: 'tok_1',
      value: new Secret('obviously-fake'),
      cloneUrls: { r: `http://127.0.0.1:${port}/r.git` },
    }),
    // Long enough for clients to leave meanwhile.
    dialMs: 2,
  });
  const address = { host: '127.0.0.1', port: Number(new URL(at.url).port) };
  const [head, former] = ['1'.repeat(40), '2'.repeat(40)];
  const requests = gitRequests({ repo: '/r.git', headers: {}, head, former, branches: 'refs/heads/mine/' });
  const plans = plansFor(requests, randomFrom(1));
  const lane = async (): Promise<void> => {
    for (let i = 0; i < CONNECTIONS / AT_ONCE; i++) await hangUp(address, nextOf(plans));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  const connections = (): Promise<number> =>
    new Promise((resolve, reject) => host.getConnections((error, count) => (error ? reject(error) : resolve(count))));
  await expect.poll(connections).toBe(0);
  await expect.poll(() => at.scratch()).toEqual([]);
  const { status } = await fetch(`${at.url}/r.git/info/refs?service=git-upload-pack`);
  expect(status).toBe(200);
});
