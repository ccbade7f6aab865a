import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { extractTools } from '../../src/warden/images/extract-tools.ts';
import { ensureSandboxImage, SANDBOX_IMAGE } from '../../src/images/sandbox-image.ts';
import { connectDocker } from '../../src/runtime/docker/connect.ts';

const docker = connectDocker(process.env['DOCKER_HOST']);
const mark = randomUUID();

beforeAll(async () => {
  await ensureSandboxImage({ docker, onProgress: () => {} });
}, 300_000);
afterAll(async () => {
  const left = await docker.listContainers({ all: true, filters: { label: [`daypass.test=${mark}`] } });
  await Promise.all(left.map(({ Id }) => docker.getContainer(Id).remove({ force: true })));
});

test('the image is built once: a second look finds it, and says nothing', async () => {
  const said: string[] = [];
  const found = await ensureSandboxImage({ docker, onProgress: (line) => said.push(line) });
  expect(found).toMatchObject({ image: 'daypass/sandbox', built: false, id: expect.stringMatching(/^sha256:/) });
  expect(said).toEqual([]);
});

test('the image has the tools that agents are promised, for a user that is not root', async () => {
  const script = [
    'id -un; id -u; echo $HOME; pwd',
    'bash --version | sed -n 1p; ls --version | sed -n 1p; git --version; curl --version | sed -n 1p; python3 --version',
    'node --version; npm --version; npx --version; jq --version; rg --version | sed -n 1p; make --version | sed -n 1p',
    'test -s /etc/ssl/certs/ca-certificates.crt && echo certificates; touch ~/home /workspace/work && echo writable',
    'GIT_CONFIG_SYSTEM=/opt/daypass/gitconfig git init -q repo && git -C repo symbolic-ref HEAD',
  ].join('\n');
  const output = new PassThrough();
  const [{ StatusCode }] = await docker.run(SANDBOX_IMAGE, ['bash', '-euc', script], output, {
    Labels: { 'daypass.test': mark },
    Tty: true,
    NetworkDisabled: true,
    HostConfig: { CapDrop: ['ALL'] },
  });
  const said = (output.read() as Buffer).toString().trim().split('\r\n');
  expect(StatusCode).toBe(0);
  expect(said).toEqual([
    'agent',
    '1000',
    '/home/agent',
    '/workspace',
    ...[/^GNU bash/, /coreutils/, /^git version/, /^curl/, /^Python 3/].map((text) => expect.stringMatching(text)),
    ...[/^v24\./, /^\d/, /^\d/, /^jq-/, /^ripgrep/, /^GNU Make/].map((text) => expect.stringMatching(text)),
    'certificates',
    'writable',
    'refs/heads/main',
  ]);
});

test('tools are copied out once, whole, and readable by every user', async () => {
  const toDir = await mkdtemp(join(tmpdir(), 'daypass-tools-'));
  try {
    const both = await Promise.all([1, 2].map(() => extractTools({ docker, image: SANDBOX_IMAGE, toDir })));
    const [directory = ''] = both;
    expect(new Set(both).size).toBe(1);
    expect(await readdir(toDir)).toHaveLength(1);
    expect((await stat(join(directory, 'bin/git-credential-daypass'))).mode & 0o777).toBe(0o555);
    expect((await stat(directory)).mode & 0o777).toBe(0o755);
    expect(await readFile(join(directory, 'gitconfig'), 'utf8')).toContain('agent@daypass.invalid');
    const { ino } = await stat(directory);
    expect(await extractTools({ docker, image: SANDBOX_IMAGE, toDir })).toBe(directory);
    expect((await stat(directory)).ino).toBe(ino);
  } finally {
    await rm(toDir, { recursive: true });
  }
});

test('tools of an image that is not there are refused by its name', async () => {
  const refused = extractTools({ docker, image: 'daypass-test/nothing', toDir: tmpdir() });
  await expect(refused).rejects.toThrow('no image daypass-test/nothing');
});
