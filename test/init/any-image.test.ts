import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { connectDocker } from '../../src/runtime/docker/connect.ts';
import { dial } from '../../src/egress/dial.ts';
import { gatewayRig, serve } from '../egress/support/rig.ts';
import { FAKE_TOKEN, realSandbox, type RealSandboxOptions } from '../support/real-sandbox.ts';
import { ensureTestImage } from '../support/test-image.ts';

const ORIGIN = 'http://127.0.0.1:7080';
const PUBLIC = '93.184.215.14';
const BOX = '/opt/box/busybox';

let image: string;
beforeAll(async () => {
  const directory = fileURLToPath(new URL('../support/images/busybox/', import.meta.url));
  image = await ensureTestImage(connectDocker(process.env['DOCKER_HOST']), directory);
}, 300_000);

/** A sandbox of an image without a libc, a shell in the usual place, or an /etc; every allowed name leads to one server. */
async function sandbox(options: Partial<RealSandboxOptions> = {}) {
  const port = await serve(createServer((req, res) => res.end(`${req.headers.host} has ${req.url}`)));
  const gateway = await gatewayRig({
    repoPort: 7080,
    resolve: async () => [PUBLIC],
    dial: () => dial(['127.0.0.1'], port),
  });
  await gateway.start();
  const made = await realSandbox({ gateway, repoOrigin: ORIGIN, image, allow: ['api.example.com:80'], ...options });
  return { ...made, gateway };
}

const variables = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );

describe('in an image with one static program', () => {
  test('names resolve, and connections go through the gateway, on ports below 1024 and without a proxy variable', async () => {
    const { id, run, gateway } = await sandbox();
    const script = [
      'unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY no_proxy NO_PROXY',
      'cat /etc/resolv.conf; nslookup api.example.com; wget -q -O - http://api.example.com/x; echo',
      'wget -q -O - http://evil.example.com/ || echo refused',
      'nslookup -type=aaaa api.example.com >/dev/null && echo no error; nslookup a_b.example.com || echo no such name',
    ];
    const { stdout, exitCode } = await run(['sh', '-c', script.join('\n')]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('nameserver 127.0.0.1\n');
    expect(stdout).toMatch(/Address: 127\.\d+\.\d+\.\d+\n/);
    expect(stdout).toContain('api.example.com has /x\n');
    expect(stdout).toContain('refused\n');
    expect(stdout).toContain('no error\n');
    expect(stdout).toContain('no such name\n');
    const decided = await gateway.decisions(id);
    expect(decided.map(({ host, verdict }) => [host, verdict])).toEqual([
      ['api.example.com', 'allowed'],
      ['evil.example.com', 'refused'],
    ]);
  });

  test('steps have a clean environment, and our PATH alone', async () => {
    const { init } = await sandbox({ env: { FROM_REQUEST: 'r' } });
    const found = variables((await init.runStep('env', '/', [BOX, 'env'])).stdout);
    expect(found).toMatchObject({
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      LANG: 'C.UTF-8',
      HOME: '/home/agent',
      REPO_TOKEN: FAKE_TOKEN,
      DAYPASS_REPO_ORIGIN: ORIGIN,
      GIT_CONFIG_VALUE_0: '',
    });
    for (const name of ['JAVA_HOME', 'NODE_OPTIONS', 'BASH_ENV', 'LD_PRELOAD', 'GIT_SSH_COMMAND', 'FROM_REQUEST']) {
      expect(found).not.toHaveProperty(name);
    }
    expect(JSON.stringify(found)).not.toContain('evil');
    expect(await init.runStep('clone', '/', ['git', '--version'])).toMatchObject({ exitCode: 127 });
  });

  test('the agent has the image’s variables, PATH too, but none of those that a request may not set', async () => {
    const { run } = await sandbox({ env: { FROM_REQUEST: 'r' } });
    const found = variables((await run(['env'])).stdout);
    expect(found).toMatchObject({
      PATH: '/opt/box',
      LANG: 'xx_YY',
      JAVA_HOME: '/opt/java',
      NODE_OPTIONS: '--require=/evil',
      BASH_ENV: '/evil',
      HOME: '/home/agent',
      FROM_REQUEST: 'r',
      REPO_TOKEN: FAKE_TOKEN,
      DAYPASS_REPO_ORIGIN: ORIGIN,
      GIT_CONFIG_VALUE_0: '',
      HTTPS_PROXY: 'http://127.0.0.1:3128',
      no_proxy: expect.stringMatching(/^localhost,.*,127\.0\.0\.1,.*,sandbox,127\.0\.0\.1$/),
    });
    for (const name of ['LD_PRELOAD', 'LD_LIBRARY_PATH', 'GIT_SSH_COMMAND', 'All_Proxy', 'RELACE_API_KEY']) {
      expect(found).not.toHaveProperty(name);
    }
  });

  test('a command that the image does not have is reported as such', async () => {
    const { init } = await sandbox();
    await expect(init.startAgent('/workspace', ['bash'])).rejects.toMatchObject({ code: 'command_not_found' });
  });
});
