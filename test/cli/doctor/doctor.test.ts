import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { perform } from '../../../src/cli/doctor/check.ts';
import { clockCheck } from '../../../src/cli/doctor/clock-check.ts';
import { engineChecks } from '../../../src/cli/doctor/engine-checks.ts';
import { connectDocker } from '../../../src/runtime/docker/connect.ts';
import { reportWorker } from '../../../src/store/workers.ts';
import { startApiRig } from '../../support/api-rig.ts';
import { doctor } from '../../../src/cli/doctor/doctor.ts';
import { createRepo, settled, startSession } from '../../scenarios/session.ts';
import { startStack } from '../../support/stack.ts';
import { quietProgress } from '../support/quiet-progress.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const SANDBOX = 'sbx_0123456789abcdef';

async function examine(env: Record<string, string>): Promise<{ code: number; lines: string[] }> {
  const progress = quietProgress();
  const code = await doctor({ env, root: '/', progress });
  return { code, lines: progress.lines };
}

test('a Daypass that is well gets a tick for everything, while a session runs and after it', async () => {
  await using stack = await startStack();
  const repo = await createRepo(stack);
  const { id } = await startSession(stack, { repos: [{ id: repo }], command: ['true'] });
  await settled(stack, id);
  const { code, lines } = await examine(stack.env);
  expect(lines.filter((line) => !line.startsWith('✓'))).toEqual([]);
  expect(lines.some((line) => /^✓ disk way: (ext4 loop|tmpfs because .+)$/.test(line))).toBe(true);
  expect(lines.map((line) => /✓ ([^:]+):/.exec(line)?.[1])).toEqual([
    'port of the API',
    'port of the git host',
    'docker context',
    'Docker engine',
    'engine versions',
    'engine kind',
    'image daypass/sandbox',
    'run directory',
    'memory directory',
    'gateway',
    'warden',
    'minter',
    'tools directory',
    'disk way',
    'inotify instances',
    'repo host',
    'Redis',
    'seal keys',
    'deletions',
    'API',
    'workers',
    'clock',
    'invariants',
  ]);
  expect(code).toBe(0);
});

test('what is wrong is named, with how to mend it, and the exit code is 1', async () => {
  await using stack = await startStack();
  await stack.stop('minter');
  await stack.stop('worker');
  const { Id } = await (async () => {
    const labels = { 'daypass.installation': stack.installation, 'daypass.sandbox': SANDBOX };
    const container = await stack.docker.createContainer({ Image: 'daypass/sandbox', name: SANDBOX, Labels: labels });
    return container.inspect();
  })();
  expect(Id).not.toBe('');
  await rm(join(stack.dir, 'run', 'policies'), { recursive: true });
  const { code, lines } = await examine({ ...stack.env, DAYPASS_RELACE_API_KEY: 'a-key-that-nobody-knows' });
  const wrong = lines.filter((line) => line.startsWith('✗'));
  expect(wrong).toEqual([
    expect.stringContaining('✗ gateway:'),
    expect.stringContaining('✗ minter:'),
    `✗ repo host: ${stack.gitHostUrl} refuses the key`,
    expect.stringContaining('✗ workers: none was seen lately'),
    expect.stringContaining('✗ invariants: The repo host answered 401'),
  ]);
  expect(lines.filter((line) => line.startsWith('  '))).toHaveLength(wrong.length);
  expect(code).toBe(1);

  const second = await examine(stack.env);
  expect(second.lines.filter((line) => line.startsWith('✗ invariants'))).toEqual([
    `✗ invariants: The container ${SANDBOX} (created) is left of sandbox ${SANDBOX} of no session`,
  ]);
});

test('of an API elsewhere it says what the API knows, and what is not seen from here', async () => {
  await using rig = await startApiRigWithWorker();
  const { code, lines } = await examine({
    DAYPASS_API_URL: rig.url,
    DAYPASS_API_KEY: rig.key,
    DAYPASS_DATA_DIR: '/nonexistent',
  });
  expect(lines[0]).toBe(`✓ API: ${rig.url} is ready and takes the key`);
  expect(lines[1]).toMatch(/^✓ workers: host-1 \(0 of 4\)$/);
  expect(lines.slice(2, 4)).toEqual(['✓ deletions: 0 under way', '✓ clock: with the API']);
  expect(lines.slice(4).every((line) => /^\? .*: not seen from here, as DAYPASS_API_URL/.test(line))).toBe(true);
  expect(lines.some((line) => line.startsWith('? Redis'))).toBe(true);
  expect(code).toBe(0);
  const refused = await examine({
    DAYPASS_API_URL: rig.url,
    DAYPASS_API_KEY: 'dp_obviously-wrong',
    DAYPASS_DATA_DIR: '/nonexistent',
  });
  expect(refused.code).toBe(1);
  expect(refused.lines[0]).toContain('✗ API: GET /v1/stats: the API answered 401 unauthorized');
  expect(refused.lines[1]).toContain('DAYPASS_API_KEY');
  expect(refused.lines[2]).toBe('? workers: not seen from here, as the API does not say');
});

test('on a machine where nothing was started it looks at the engine and the ports, and says how to start', async () => {
  const stranger = createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1');
  await once(stranger, 'listening');
  const { port } = stranger.address() as AddressInfo;
  const env = {
    DAYPASS_DATA_DIR: '/nonexistent',
    DAYPASS_API_LISTEN: `127.0.0.1:${port}`,
    DAYPASS_GIT_HOST_LISTEN: '127.0.0.1:0',
  };
  const { code, lines } = await examine(env);
  stranger.close();
  expect(lines).toContain(`✗ port of the API: 127.0.0.1:${port} is in use by another program.`);
  expect(lines).toContain('  End what listens there, or set DAYPASS_API_LISTEN to another address.');
  expect(lines).toContain('? Redis: not seen from here, as nothing was ever started on /nonexistent: npm start');
  expect(lines.some((line) => line.startsWith('✓ Docker engine'))).toBe(true);
  expect(code).toBe(1);
});

test('an engine that does not answer is one fault, and a start that was ended is no heap of them', async () => {
  await using dir = await temporaryDirectory();
  const secrets = { installation: 'test', apiKey: 'dp_obviously_fake_key', gitHostKey: 'dpg_obviously_fake_key' };
  await writeFile(join(dir.path, 'secrets.json'), JSON.stringify(secrets));
  const { code, lines } = await examine({
    DAYPASS_DATA_DIR: dir.path,
    DAYPASS_API_LISTEN: '127.0.0.1:0',
    DAYPASS_GIT_HOST_LISTEN: '127.0.0.1:0',
    DOCKER_HOST: 'unix:///nonexistent/docker.sock',
  });
  expect(lines.filter((line) => line.startsWith('✗'))).toEqual([expect.stringContaining('✗ Docker engine: ')]);
  expect(lines).toContain('? engine versions: not seen from here, as the Docker engine does not answer');
  expect(lines).toContain(`? Redis: not seen from here, as nothing runs on ${dir.path}: npm start`);
  expect(code).toBe(1);
});

test('an image that was built from the files of another version is found out', async () => {
  const docker = connectDocker(process.env['DOCKER_HOST']);
  const name = `daypass-test-doctor-${randomBytes(4).toString('hex')}`;
  const container = await docker.createContainer({
    Image: 'daypass/sandbox',
    Labels: { 'daypass.installation': name },
  });
  const changes = 'LABEL daypass.content=of-another-version';
  await container.commit({ repo: name, changes });
  await container.remove();
  const check = engineChecks(docker, name).at(-1);
  await expect(check?.look()).rejects.toThrow('built from the files of another version');
  await docker.getImage(name).remove();
  await expect(check?.look()).rejects.toThrow('does not have it');
});

test('a clock that is off is named, with the way it is off', async () => {
  const clock = (name: string, offMs: number) => ({ name, now: async () => new Date(Date.now() + offMs) });
  await expect(clockCheck([clock('Redis', 800), clock('the API', -900)]).look()).resolves.toBe('with Redis, the API');
  const { lines, holds } = await perform(clockCheck([clock('Redis', -60_000), clock('the API', 0)]));
  expect(lines[0]).toBe('✗ clock: the clock of Redis is 60 s behind this one');
  expect(holds).toBe(false);
  const away = { name: 'Redis', now: () => Promise.reject(new Error('away')) };
  expect((await perform(clockCheck([away]))).lines[0]).toMatch(/^\? clock: not seen from here/);
});

/** An API that a worker has told of itself. */
async function startApiRigWithWorker(): Promise<AsyncDisposable & { url: string; key: string }> {
  const rig = await startApiRig();
  const now = new Date().toISOString();
  await reportWorker(rig.redis, {
    name: 'host-1',
    startedAt: now,
    seenAt: now,
    engine: 'e',
    concurrency: 4,
    running: [],
  });
  return { ...rig.api, [Symbol.asyncDispose]: () => rig.close() };
}
