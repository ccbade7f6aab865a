import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { customAlphabet } from 'nanoid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectDocker } from '../../src/runtime/docker/connect.ts';
import { createDockerRuntime } from '../../src/runtime/docker/docker-runtime.ts';
import { startTestWarden, type TestWarden } from '../support/warden.ts';
import { requestText, sendRaw, statusesIn } from './support/raw-http.ts';
import { aSandbox, createBodyOf } from './support/sandbox-spec.ts';

const shortId = customAlphabet('0123456789abcdefghijklmnopqrstuvwxyz', 12);

/** Someone who has a worker's place at the socket, and writes whatever they like into it. */
describe('the warden’s socket', () => {
  const docker = connectDocker(process.env['DOCKER_HOST']);
  let warden: TestWarden;
  /** A container of somebody else on the same engine, under a name that a sandbox of ours might have. */
  const neighbour = `sbx_${shortId()}`;
  let neighbourId: string;
  let own: string;
  let ownId: string;

  beforeAll(async () => {
    warden = await startTestWarden({ disks: { wanted: 'tmpfs' } });
    const labels = { 'daypass.installation': `${warden.installation}-other`, 'daypass.sandbox': neighbour };
    const options = { Image: 'daypass/sandbox', Cmd: ['sleep', '60'], NetworkDisabled: true };
    const container = await docker.createContainer({ name: neighbour, Labels: labels, ...options });
    await container.start();
    neighbourId = container.id;
    const runtime = createDockerRuntime({
      warden: warden.api,
      installation: warden.installation,
      host: warden.host,
    });
    const spec = aSandbox(warden.host);
    own = spec.sandboxId;
    await runtime.create(spec);
    await runtime.start(own);
    ownId = (await docker.getContainer(own).inspect()).Id;
  });
  afterAll(async () => {
    for (const name of [neighbour, own]) {
      await docker
        .getContainer(name)
        .remove({ force: true, v: true })
        .catch(() => undefined);
    }
    await warden[Symbol.asyncDispose]();
  });

  const ask = async (line: string, options?: Parameters<typeof requestText>[1]) =>
    sendRaw(warden.socket, requestText(line, options));
  // Others work on the same engine.
  const ours = () => ({ label: [`daypass.installation=${warden.installation}`] });
  const containers = async () => (await docker.listContainers({ all: true, filters: ours() })).map(({ Id }) => Id);
  const isUp = async (name: string) => (await docker.getContainer(name).inspect()).State.Running;

  it('is its group’s alone', async () => {
    expect((await stat(warden.socket)).mode & 0o777).toBe(0o660);
    expect((await stat(dirname(warden.socket))).mode & 0o777).toBe(0o750);
  });

  it.each([
    ['GET /containers/{own}/logs?stdout=1'],
    ['GET /containers/{own}/top'],
    ['GET /containers/{own}/changes'],
    ['GET /containers/{own}/export'],
    ['GET /containers/{own}/archive?path=/'],
    ['PUT /containers/{own}/archive?path=/'],
    ['POST /containers/{own}/attach?stream=1&stdin=1'],
    ['GET /containers/{own}/attach/ws'],
    ['POST /containers/{own}/exec'],
    ['POST /exec/abc/start'],
    ['POST /containers/{own}/update'],
    ['POST /containers/{own}/rename?name=x'],
    ['POST /containers/{own}/pause'],
    ['POST /containers/{own}/restart'],
    ['POST /containers/prune'],
    ['POST /commit?container={own}'],
    ['POST /build'],
    ['POST /images/create?fromImage=x'],
    ['POST /images/load'],
    ['GET /images/json'],
    ['GET /images/daypass/sandbox/json'],
    ['DELETE /images/daypass/sandbox'],
    ['GET /volumes'],
    ['POST /volumes/create'],
    ['POST /networks/create'],
    ['GET /networks'],
    ['GET /events'],
    ['GET /info'],
    ['GET /version'],
    ['GET /system/df'],
    ['POST /session'],
    ['POST /grpc'],
    ['GET /plugins'],
    ['GET /swarm'],
    ['POST /auth'],
    ['GET /secrets'],
    ['PATCH /containers/{own}'],
    ['OPTIONS /containers/json'],
    ['TRACE /_ping'],
    ['GET /'],
    ['GET *'],
    ['GET http://docker/_ping'],
    ['GET //containers/json?all=true'],
    ['GET /containers//json?all=true'],
    ['GET /containers/json/?all=true'],
    ['GET /v1.41//_ping'],
    ['GET /v1.41/v1.41/_ping'],
    ['GET /v1.9999/_ping'],
    ['GET /_ping/'],
    ['GET /_PING'],
    ['GET /%5fping'],
    ['GET /_ping#x'],
    ['GET /daypass/host/../../images/json'],
    ['GET /containers/{own}/../json?all=true'],
    ['GET /containers/{own}%2f..%2f/json'],
    ['GET /containers/{own}%00/json'],
    ['POST /containers/{own}/start?detachKeys=x'],
    ['POST /containers/{own}/kill'],
    ['POST /containers/{own}/kill?signal=SIGSTOP'],
    ['POST /containers/{own}/kill?signal=9'],
    ['POST /containers/{own}/kill?signal=SIGTERM&signal=SIGSTOP'],
    ['POST /containers/{own}/kill?signal=SIGTERM&container=x'],
    ['DELETE /containers/{own}?force=true&v=true&link=true'],
    ['DELETE /containers/{own}?force=true&v=true&v=false'],
    ['GET /containers/json'],
    ['GET /containers/json?all=true&size=true'],
    ['GET /containers/{own}/json?size=true'],
  ])('has no %s', async (line) => {
    const answer = await ask(line.replace('{own}', own));
    expect(statusesIn(answer)).toEqual([403]);
    expect(await isUp(own)).toBe(true);
  });

  it.each([
    ['/start', 'POST'],
    ['/kill?signal=SIGKILL', 'POST'],
    ['/json', 'GET'],
    ['?force=true&v=true', 'DELETE'],
  ])('says of another installation’s container that there is none: %s', async (rest, method) => {
    for (const name of [neighbour, neighbourId, neighbourId.slice(0, 12), neighbourId.slice(0, 1)]) {
      const answer = await ask(`${method} /v1.41/containers/${name}${rest}`);
      expect(statusesIn(answer)).toEqual([404]);
      expect(answer).toContain(`No such container: ${name}`);
    }
    expect(await isUp(neighbour)).toBe(true);
  });

  it('knows its own by their names alone, not by an id or the beginning of one', async () => {
    expect(statusesIn(await ask(`GET /containers/${own}/json`))).toEqual([200]);
    for (const name of [ownId, ownId.slice(0, 12), own.slice(0, -1), own.toUpperCase(), `${own}0`]) {
      expect(statusesIn(await ask(`POST /containers/${name}/kill?signal=SIGKILL`))).toEqual([404]);
    }
    expect(await isUp(own)).toBe(true);
  });

  it('lists its own whatever filter is asked for', async () => {
    for (const filters of ['{}', '{"label":[]}', `{"name":["${neighbour}"]}`, '{"status":["running"]}']) {
      const answer = await ask(`GET /containers/json?all=true&filters=${encodeURIComponent(filters)}`);
      expect(statusesIn(answer)).toEqual([200]);
      expect(answer).toContain(ownId);
      expect(answer).not.toContain(neighbourId);
    }
  });

  it('tells nothing of the host beyond what a worker needs', async () => {
    const answer = await ask(`GET /containers/${own}/json`);
    expect(answer).not.toMatch(/HostConfig|Mounts|\/dev\/shm|GraphDriver|ResolvConfPath|seccomp/);
  });

  describe('takes nothing that two could read in two ways', () => {
    const kill = () => requestText(`POST /containers/${own}/kill?signal=SIGKILL`);
    it.each<[string, () => string]>([
      ['two Hosts', () => `GET /_ping HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`],
      ['no Host', () => `GET /_ping HTTP/1.1\r\n\r\n`],
      [
        'a body in pieces',
        () =>
          `POST /containers/create?name=sbx_1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
      ],
      ['two lengths', () => `GET /_ping HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\nhello`],
      [
        'a length and pieces',
        () => `GET /_ping HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      ],
      ['a length that is no number', () => `GET /_ping HTTP/1.1\r\nHost: a\r\nContent-Length: 0x10\r\n\r\n`],
      ['a body where there is none', () => requestText('GET /_ping', { body: '{}' })],
      [
        'a body at a kill',
        () => requestText(`POST /containers/${own}/kill?signal=SIGKILL`, { body: '{"signal":"SIGSTOP"}' }),
      ],
      [
        'a body that is too long',
        () => `POST /containers/create?name=sbx_1 HTTP/1.1\r\nHost: a\r\nContent-Length: 131073\r\n\r\n`,
      ],
      ['a body that is no JSON', () => requestText('POST /containers/create?name=sbx_1', { body: '{"a":' })],
      ['a header without end', () => `GET /_ping HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`],
      [
        'a thousand headers',
        () => requestText('GET /_ping', { headers: Array.from({ length: 1_000 }, (_, i) => `X-${i}: 1`) }),
      ],
      ['a line that is folded', () => `GET /_ping HTTP/1.1\r\nHost: a\r\nX: 1\r\n b\r\n\r\n`],
      ['a bare line feed in a header', () => `GET /_ping HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n0\n\n`],
      ['an upgrade', () => requestText('GET /_ping', { headers: ['Connection: Upgrade', 'Upgrade: tcp'] })],
      ['a tunnel', () => `CONNECT docker:80 HTTP/1.1\r\nHost: docker\r\n\r\n`],
      ['an expectation', () => requestText('GET /_ping', { headers: ['Expect: 100-continue'] })],
      ['HTTP/2', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ])('%s', async (_what, bytes) => {
      const before = await containers();
      const statuses = statusesIn(await sendRaw(warden.socket, bytes()));
      expect(statuses.length).toBeLessThanOrEqual(1);
      for (const status of statuses) expect(status).toBeGreaterThanOrEqual(400);
      expect(await containers()).toEqual(before);
      expect(await isUp(own)).toBe(true);
    });

    it('a second request behind the first is not answered', async () => {
      const answer = await sendRaw(warden.socket, `${requestText('GET /_ping')}${kill()}`);
      expect(statusesIn(answer)).toEqual([200]);
      expect(await isUp(own)).toBe(true);
    });

    it('a request hidden in the body of a refused one is not answered', async () => {
      const answer = await sendRaw(warden.socket, requestText('GET /_ping', { body: kill() }));
      expect(statusesIn(answer)).toEqual([403]);
      expect(await isUp(own)).toBe(true);
    });

    it('a slow head is cut off', async () => {
      expect(await sendRaw(warden.socket, 'GET /_ping HTTP/1.1\r\nHost:')).not.toContain('200');
    });
  });

  describe('creates nothing outside the profile', () => {
    const create = async (name: string, body: unknown) => {
      const before = await containers();
      const answer = await ask(`POST /v1.41/containers/create?${name}`, { body: JSON.stringify(body) });
      expect(await containers()).toEqual(before);
      return answer;
    };
    const body = (over: Record<string, unknown> = {}) => {
      const spec = aSandbox(warden.host);
      return { id: spec.sandboxId, options: { ...createBodyOf(spec, warden.host, warden.installation), ...over } };
    };

    it('such as a container of another name than its sandbox’s', async () => {
      const { options } = body();
      expect(statusesIn(await create(`name=sbx_${shortId()}`, options))).toEqual([403]);
      expect(statusesIn(await create('', options))).toEqual([403]);
      expect(statusesIn(await create(`name=${neighbour}`, options))).toEqual([403]);
    });

    it('such as one on another platform, or named twice', async () => {
      const { id, options } = body();
      expect(statusesIn(await create(`name=${id}&platform=linux`, options))).toEqual([403]);
      expect(statusesIn(await create(`name=${id}&name=sbx_1`, options))).toEqual([403]);
    });

    it('and says which field it is', async () => {
      const { id, options } = body({ Env: ['LD_PRELOAD=/x'] });
      expect(await create(`name=${id}`, options)).toMatch(/ 403 .*Env/s);
      const privileged = { ...options.HostConfig, Privileged: true };
      expect(await create(`name=${id}`, { ...body().options, HostConfig: privileged })).toMatch(
        /HostConfig.Privileged/,
      );
    });

    it('nor with a field said twice, of which two readers may take one each', async () => {
      const { id, options } = body();
      const text = JSON.stringify(options).replace('"Privileged":false', '"Privileged":false,"Privileged":true');
      const before = await containers();
      const answer = await ask(`POST /containers/create?name=${id}`, { body: text });
      expect(statusesIn(answer)).toEqual([403]);
      expect(await containers()).toEqual(before);
    });

    it('nor with a prototype of its own', async () => {
      const { id, options } = body();
      const text = JSON.stringify(options).replace(/}$/, ',"__proto__":{"Binds":["/:/host"]}}');
      expect(statusesIn(await ask(`POST /containers/create?name=${id}`, { body: text }))).toEqual([403]);
    });

    it('nor where its directories are already', async () => {
      const spec = { ...aSandbox(warden.host), sandboxId: own };
      const mounts = { ...spec.mounts, gatewayDir: `${warden.host.runDir}/gateways/${own}` };
      const options = createBodyOf({ ...spec, mounts }, warden.host, warden.installation);
      const answer = await create(`name=${own}`, options);
      expect(statusesIn(answer)).toEqual([409]);
      expect(await isUp(own)).toBe(true);
    });
  });
});
