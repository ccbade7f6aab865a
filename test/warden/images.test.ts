import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { followEngine } from '../../src/images/engine-stream.ts';
import { connectDocker } from '../../src/runtime/docker/connect.ts';
import { startTestWarden, type TestWarden } from '../support/warden.ts';
import { runInSandbox } from './support/run-in-sandbox.ts';

/** What an image brings along, which must not make a sandbox of it any less of one. */
describe('an image', () => {
  const docker = connectDocker(process.env['DOCKER_HOST']);
  const built: string[] = [];
  let warden: TestWarden;
  beforeAll(async () => {
    warden = await startTestWarden();
  });
  afterAll(async () => {
    await warden[Symbol.asyncDispose]();
    for (const name of built) await docker.getImage(name).remove({ force: true });
  });

  async function build(lines: string, base = 'daypass/sandbox'): Promise<string> {
    const name = `daypass/test-${randomBytes(6).toString('hex')}`;
    const context = await mkdtemp(join(tmpdir(), 'daypass-image-'));
    try {
      await writeFile(join(context, 'Dockerfile'), `FROM ${base}\n${lines}\n`);
      const source = await docker.buildImage({ context, src: ['Dockerfile'] }, { t: name, forcerm: true });
      await followEngine(source, { doing: `Building ${name}`, onLine: () => undefined });
    } finally {
      await rm(context, { recursive: true });
    }
    built.push(name);
    return name;
  }
  /** Those that the engine names, as it does for an image that wants one. */
  const volumes = async () => {
    const names = (await docker.listVolumes()).Volumes?.map(({ Name }) => Name) ?? [];
    return names.filter((name) => /^[0-9a-f]{64}$/.test(name)).toSorted();
  };

  it('brings no user, program, health check, signal or label of its own', async () => {
    const image = await build(
      [
        'USER root',
        'ENTRYPOINT ["/bin/sh", "-c", "echo taken > /tmp/entry; exec sleep 60"]',
        'CMD ["--privileged"]',
        'HEALTHCHECK --interval=1s CMD touch /tmp/health',
        'STOPSIGNAL SIGKILL',
        'SHELL ["/bin/false"]',
        'ONBUILD USER root',
        'WORKDIR /etc',
        'EXPOSE 22',
        'LABEL daypass.installation=other daypass.sandbox=sbx_other daypass.role=pool daypass.session=x daypass.token=y',
      ].join('\n'),
    );
    const script = 'id -u; id -g; pwd; sleep 2; ls /tmp; cat /proc/1/cmdline | tr "\\0" " "';
    const labels: Record<string, string>[] = [];
    const ran = await runInSandbox(warden, ['sh', '-c', script], {
      over: { image },
      look: async (id) => {
        const { Config, State } = await docker.getContainer(id).inspect();
        labels.push(Config.Labels);
        expect(State.Health).toBeUndefined();
        expect(Config.Cmd ?? []).toEqual([]);
      },
    });
    expect(ran).toMatchObject({ exitCode: 0, stdout: '1000\n1000\n/workspace\n/opt/daypass/bin/init ' });
    expect(labels[0]).toMatchObject({
      'daypass.installation': warden.installation,
      'daypass.sandbox': expect.stringMatching(/^sbx_/),
      'daypass.role': 'session',
      'daypass.session': 'ses_1',
      'daypass.token': 'tok_1',
    });
  });

  it('gets a small tmpfs where it wants a volume, and leaves none on the disk', async () => {
    const image = await build('VOLUME /data /var/lib/db/');
    const before = await volumes();
    const during: string[] = [];
    const script = 'echo x > /data/x && df -m /data /var/lib/db | tail -n +2 | while read f s r; do echo $f $s; done';
    const ran = await runInSandbox(warden, ['sh', '-c', script], {
      over: { image },
      look: async () => void during.push(...(await volumes())),
    });
    expect(ran).toMatchObject({ exitCode: 0, stdout: 'tmpfs 64\ntmpfs 64\n' });
    expect(during).toEqual(before);
    expect(await volumes()).toEqual(before);
  });

  it.each([
    '/',
    '/opt/daypass',
    '/opt/daypass/bin',
    '/opt',
    '/run/daypass',
    '/run',
    '/run/daypass-init',
    '/proc',
    '/proc/sys',
    '/sys',
    '/dev/shm',
    '/etc',
    '/workspace',
    '/tmp',
    '/home/agent/x',
    '/data/../proc',
  ])('is refused with a volume at %s', async (path) => {
    const image = await build(`VOLUME ["${path}"]`);
    const refused = runInSandbox(warden, ['true'], { over: { image } });
    await expect(refused).rejects.toMatchObject({
      code: 'image_not_allowed',
      message: expect.stringContaining('VOLUME'),
    });
  });

  it('that leads our directories elsewhere by links runs our init all the same', async () => {
    const links = [
      'USER root',
      'RUN mkdir -p /elsewhere/bin && cp /bin/true /elsewhere/bin/init && rm -rf /opt && ln -s /elsewhere /opt',
    ].join('\n');
    const image = await build(links);
    const ran = await runInSandbox(warden, ['sh', '-c', 'id -u; readlink /opt'], { over: { image } });
    expect(ran).toMatchObject({ exitCode: 0, stdout: '1000\n/elsewhere\n' });
  });

  it('with programs that become root on being run gives nobody root', async () => {
    const image = await build('USER root\nRUN cp /usr/bin/id /usr/bin/rootid && chmod 6755 /usr/bin/rootid');
    const ran = await runInSandbox(warden, ['sh', '-c', 'rootid -u; rootid -g'], { over: { image } });
    expect(ran).toMatchObject({ exitCode: 0, stdout: '1000\n1000\n' });
  });

  it('with groups of its own for the agent adds none of them', async () => {
    const image = await build('USER root\nRUN groupadd -g 0 -o extra 2>/dev/null; usermod -aG root,disk agent');
    const ran = await runInSandbox(warden, ['id', '-G'], { over: { image } });
    expect(ran).toMatchObject({ exitCode: 0, stdout: '1000\n' });
  });

  it('that the operator does not name is refused, whatever it holds', async () => {
    await using strict = await startTestWarden({ images: ['daypass/sandbox'] });
    const image = await build('LABEL x=y');
    await expect(runInSandbox(strict, ['true'], { over: { image } })).rejects.toMatchObject({
      code: 'image_not_allowed',
      message: expect.stringContaining(image),
    });
    expect(await runInSandbox(strict, ['true'])).toMatchObject({ exitCode: 0 });
  });

  it('that is pinned is this content and no other under its name', async () => {
    const image = await build('LABEL content=one');
    const { Id } = await docker.getImage(image).inspect();
    await using strict = await startTestWarden({ images: ['daypass/*', `${image}@${Id}`] });
    expect(await runInSandbox(strict, ['true'], { over: { image } })).toMatchObject({ exitCode: 0 });
    const other = await build('LABEL content=two');
    await docker.getImage(other).tag({ repo: image, tag: 'latest' });
    await expect(runInSandbox(strict, ['true'], { over: { image } })).rejects.toMatchObject({
      code: 'image_not_allowed',
    });
    expect(await runInSandbox(strict, ['true'], { over: { image: other } })).toMatchObject({ exitCode: 0 });
  });

  it('is run by its id, so that a name that moves makes no difference', async () => {
    const { Id } = await docker.getImage('daypass/sandbox').inspect();
    const seen: string[] = [];
    await runInSandbox(warden, ['true'], {
      look: async (id) => {
        const { Image, Config } = await docker.getContainer(id).inspect();
        seen.push(Image, Config.Image);
      },
    });
    expect(seen).toEqual([Id, Id]);
  });

  it.each([
    'sha256:{id}',
    '{short}',
    '../sandbox',
    'daypass/sandbox/../sandbox',
    'daypass/%73andbox',
    'daypass/sandbox?x=y',
    'daypass/sandbox#x',
    'DAYPASS/sandbox',
    'daypass/sandbox:latest@sha256:{id}',
  ])('cannot be named in a roundabout way: %s', async (way) => {
    const id = (await docker.getImage('daypass/sandbox').inspect()).Id.slice('sha256:'.length);
    const image = way.replace('{id}', id).replace('{short}', id.slice(0, 12));
    await expect(runInSandbox(warden, ['true'], { over: { image } })).rejects.toMatchObject({
      code: expect.stringMatching(/^image_(missing|not_allowed)$/),
    });
  });
});
