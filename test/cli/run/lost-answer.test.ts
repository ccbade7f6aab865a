import { createServer, request, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { startApiRig } from '../../support/api-rig.ts';
import { REPO_A } from '../../support/records.ts';
import { runDaypass } from '../../support/run-daypass.ts';

/** Passes calls on to the API, and loses its answers to the first ones, or gives its own. */
async function lossyProxy(
  target: string,
  losses: number,
  status: number | null,
): Promise<{ url: string; server: Server; calls: () => number }> {
  let calls = 0;
  const server = createServer((incoming, outgoing) => {
    const isLost = ++calls <= losses;
    const { method, url, headers } = incoming;
    const passed = request(target + url, { method, headers }, (answer) => {
      if (isLost && status === null) return void outgoing.destroy();
      outgoing.writeHead(isLost ? (status ?? 0) : (answer.statusCode ?? 0), answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(passed);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, calls: () => calls };
}

test.each([
  ['is lost on its way', null],
  ['is that of a proxy which gave up', 504],
])('a start whose answer %s is asked for again, and starts one session', async (_what, status) => {
  const rig = await startApiRig();
  const proxy = await lossyProxy(rig.api.url, 2, status);
  const env = { DAYPASS_API_URL: proxy.url, DAYPASS_API_KEY: rig.api.key };
  const ended = await runDaypass(['run', '--detach', '--repo', REPO_A, '--', 'true'], env);
  const { body } = await rig.call('GET', '/v1/sessions');
  const sessions = (body as { data: { id: string }[] }).data;
  expect(ended).toEqual({
    exitCode: 0,
    stdout: `${sessions[0]?.id}\n`,
    stderr: `[daypass] The API at ${proxy.url} has not answered yet; asking it again.\n`,
  });
  expect(sessions).toHaveLength(1);
  expect(proxy.calls()).toBe(3);
  proxy.server.close();
  await rig.close();
});

test.each([
  ['a port at which nobody listens', 'ECONNREFUSED', closedPort],
  ['a port that fetch calls no one at', 'bad port', async () => 1],
])('at %s nothing can have been started, and it says so at once', async (_what, reason, port) => {
  const env = { DAYPASS_API_URL: `http://127.0.0.1:${await port()}`, DAYPASS_API_KEY: 'dp_obviously-fake' };
  const ended = await runDaypass(['run', '--repo', REPO_A, '--', 'true'], env);
  expect(ended).toMatchObject({ exitCode: 125, stdout: '' });
  expect(ended.stderr).toContain(`does not answer (${reason}).`);
  expect(ended.stderr).not.toContain('asking it again');
});

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
