import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../src/token/secret.ts';
import { formsOf } from '../../src/token/secret-forms.ts';
import { connectPatientRedis, type Redis } from '../../src/store/redis.ts';
import { startOwnEngine, type OwnEngine } from '../faults/rig/own-engine.ts';
import { openRepoHostProxy, type RepoHostProxy } from '../support/repo-host-proxy.ts';
import { nothingLeft, startStack, type Stack } from '../support/stack.ts';
import { createRepo, logOf, settled, startSession, until } from './session.ts';

/** The files below these directories, or within these texts, that hold one of the forms. */
async function filesWith(forms: string[], dir: string, places: string[]): Promise<string[]> {
  const patterns = join(dir, 'patterns-of-the-test');
  await writeFile(patterns, forms.join('\n'));
  const args = ['-rlaFs', '-D', 'skip', '--exclude', 'patterns-of-the-test', '-f', patterns, '--', ...places];
  return new Promise((resolve) => {
    execFile('grep', args, { maxBuffer: 1024 * 1024 }, (_error, stdout) =>
      resolve(stdout.split('\n').filter((line) => line !== '')),
    );
  });
}

/** Every value in Redis, as text. */
async function everyValue(redis: Redis): Promise<string> {
  const keys = await redis.keys('*');
  const values = await Promise.all(
    keys.map(async (key) => {
      switch (await redis.type(key)) {
        case 'string':
          return redis.get(key);
        case 'hash':
          return redis.hgetall(key);
        case 'set':
          return redis.smembers(key);
        case 'zset':
          return redis.zrange(key, '0', '-1');
        case 'list':
          return redis.lrange(key, 0, -1);
        default:
          return redis.xrange(key, '-', '+');
      }
    }),
  );
  return JSON.stringify([keys, values]);
}

async function processesOf(engine: OwnEngine, container: string): Promise<number[]> {
  const { Processes } = (await engine.docker.getContainer(container).top()) as { Processes: string[][] };
  return Processes.map((row) => Number(row[1]));
}

const ROLES = ['git-host', 'minter', 'gateway', 'worker', 'api'] as const;

describe('the value of a token', () => {
  let engine: OwnEngine;
  let proxy: RepoHostProxy;
  let stack: Stack;
  let redis: Redis;
  const events: string[] = [];
  beforeAll(async () => {
    engine = await startOwnEngine({ debug: true });
    proxy = await openRepoHostProxy();
    const settings = { DAYPASS_RELACE_BASE_URL: proxy.url, DAYPASS_LOG_LEVEL: 'debug' };
    stack = await startStack({ ...settings, DOCKER_HOST: engine.host });
    proxy.target = stack.gitHostUrl;
    redis = connectPatientRedis(stack.redis.url);
    const stream = await engine.docker.getEvents();
    stream.on('data', (chunk: Buffer) => events.push(chunk.toString()));
  }, 120_000);
  afterAll(async () => {
    redis.disconnect();
    await stack[Symbol.asyncDispose]();
    await engine[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
  }, 60_000);

  /** Where one of the forms is, of all places outside of the agent's own memory. */
  const found = async (forms: string[]): Promise<string[]> => {
    const texts: Record<string, string> = {
      events: events.join(''),
      redis: await everyValue(redis),
      image: JSON.stringify([
        await engine.docker.getImage('daypass/sandbox').inspect(),
        await engine.docker.getImage('daypass/sandbox').history(),
      ]),
    };
    for (const { Id } of await stack.containers())
      texts[`inspect of ${Id}`] = JSON.stringify(await engine.docker.getContainer(Id).inspect());
    for (const role of ROLES) texts[`log of ${role}`] = stack.process(role).lines().join('\n');
    for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name)))
      texts[`argv of ${pid}`] = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return [
      ...Object.entries(texts).flatMap(([place, text]) => (forms.some((form) => text.includes(form)) ? [place] : [])),
      ...(await filesWith(forms, stack.dir, [engine.dir, stack.redis.dir, stack.dir, stack.memoryDir])),
    ];
  };

  it(
    'is in the agent’s environment and nowhere else, while the session runs and after it',
    { timeout: 90_000 },
    async () => {
      const repo = await createRepo(stack);
      const script = `
      ulimit -c; sh -c 'kill -SEGV $$'; git fetch -q && git push -q origin HEAD:refs/heads/agent/x
      echo ready; trap 'echo "$REPO_TOKEN"; printf %s "$REPO_TOKEN" | base64 -w0; exit 0' TERM; while :; do sleep 0.1; done`;
      const { id } = await startSession(stack, { repos: [{ id: repo }], command: ['sh', '-c', script] });
      const running = await until(stack, id, ({ status }) => status === 'running');
      await expect
        .poll(async () => (await stack.call('GET', `/v1/sessions/${id}/logs`)).text(), { timeout: 20_000 })
        .toContain('ready');

      const pids = await processesOf(engine, running.container?.id ?? '');
      const environments = await Promise.all(
        pids.map((pid) => readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')),
      );
      const values = environments.flatMap((text) => /(?:^|\0)REPO_TOKEN=([^\0]+)/.exec(text)?.[1] ?? []);
      const value = values[0] ?? '';
      expect(value.length).toBeGreaterThan(20);
      const forms = formsOf([new Secret(value)]).map(({ bytes }) => bytes.toString());
      const [init = 0] = pids;
      // Init itself has let go of it.
      expect(await readFile(`/proc/${init}/environ`, 'utf8')).not.toContain(value);

      expect(await found(forms)).toEqual([]);
      const root = `/proc/${init}/root`;
      const inside = ['workspace', 'home', 'tmp', 'etc', 'opt', 'run', 'var'].map((name) => `${root}/${name}`);
      expect(await filesWith(forms, stack.dir, inside)).toEqual([]);
      expect((await readdir(`${root}/workspace/${repo}`)).filter((name) => name.startsWith('core'))).toEqual([]);

      // The search finds what is there: its own patterns.
      const patterns = join(stack.dir, 'there');
      await writeFile(patterns, `x${value}x`);
      expect(await found(forms)).toEqual([patterns]);
      await writeFile(patterns, '');

      await stack.call('POST', `/v1/sessions/${id}/stop`, {});
      await settled(stack, id);
      const log = await logOf(stack, id);
      expect(log).toMatch(/^0\n/);
      expect(log.match(/^\[secret\]$/gm)).toHaveLength(2);
      await nothingLeft(stack);
      expect(await found(forms)).toEqual([]);
    },
  );

  it('is in no sandbox at all where the gateway has it', { timeout: 90_000 }, async () => {
    const repo = await createRepo(stack);
    const before = new Set(proxy.seen);
    const script =
      'git fetch -q && git push -q origin HEAD:refs/heads/agent/x; echo ready; while :; do sleep 0.1; done';
    const { id } = await startSession(stack, {
      repos: [{ id: repo }],
      credentials: { delivery: 'gateway' },
      command: ['sh', '-c', script],
    });
    const running = await until(stack, id, ({ status }) => status === 'running');
    await expect
      .poll(async () => (await stack.call('GET', `/v1/sessions/${id}/logs`)).text(), { timeout: 20_000 })
      .toContain('ready');
    const values = [...proxy.seen].filter((value) => !before.has(value));
    expect(values).toHaveLength(1);
    const forms = formsOf(values.map((value) => new Secret(value))).map(({ bytes }) => bytes.toString());

    const pids = await processesOf(engine, running.container?.id ?? '');
    expect(pids.length).toBeGreaterThan(2);
    for (const pid of pids) {
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      expect(forms.filter((form) => environment.includes(form))).toEqual([]);
    }
    const inside = ['workspace', 'home', 'tmp', 'run'].map((name) => `/proc/${pids[0]}/root/${name}`);
    expect(await filesWith(forms, stack.dir, inside)).toEqual([]);
    expect(await found(forms)).toEqual([]);
    await stack.call('POST', `/v1/sessions/${id}/stop`, { graceSeconds: 0 });
    await settled(stack, id);
    await nothingLeft(stack);
    expect(await found(forms)).toEqual([]);
  });
});

describe('git in a sandbox that has the token', () => {
  let stack: Stack;
  let proxy: RepoHostProxy;
  /** In the sandbox: writes every request's head down, and answers 401 to ask for a credential. */
  const RECORDER = `
import http.server, sys
class Recorder(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        open('/tmp/seen', 'a').write(self.path + ' authorization=' + str(self.headers.get('authorization')) + '\\n')
        self.send_response(401); self.send_header('www-authenticate', 'Basic realm="x"'); self.send_header('content-length', '0'); self.end_headers()
    def log_message(self, *args): pass
http.server.HTTPServer(('127.0.0.1', 9999), Recorder).serve_forever()`;

  beforeAll(async () => {
    // The repo host, but for a repo that it sends elsewhere.
    proxy = await openRepoHostProxy((path) =>
      path.includes('/repo/elsewhere.git/') ? `http://127.0.0.1:9999${path}` : null,
    );
    stack = await startStack({ DAYPASS_RELACE_BASE_URL: proxy.url });
    proxy.target = stack.gitHostUrl;
  });
  afterAll(async () => {
    await stack[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
  });

  it('gives no credential to another host, not for a submodule and not after a redirect', async () => {
    const other = await createRepo(stack);
    const repo = await createRepo(stack, {
      '.gitattributes': '* filter=evil diff=evil\n',
      'hooks/post-checkout': '#!/bin/sh\ntouch /tmp/owned\n',
      '.gitmodules':
        '[submodule "abroad"]\n\tpath = abroad\n\turl = http://127.0.0.1:9999/abroad.git\n' +
        `[submodule "other"]\n\tpath = other\n\turl = ../${other}.git\n`,
    });
    const script = `
      python3 -c "$RECORDER" & until curl -s -o /dev/null http://127.0.0.1:9999/up; do sleep 0.1; done
      git config --local --list --name-only | sort -u | tr '\\n' ' '; echo; ls .git/hooks | grep -v sample; ls /tmp/owned
      for name in abroad other; do
        git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),$name
        git submodule update --init $name 2>&1 | tail -2
      done
      git clone $RELACE_BASE_URL/repo/elsewhere.git /tmp/a 2>&1 | tail -1
      git -c http.\${RELACE_BASE_URL%v1}.followRedirects=true clone $RELACE_BASE_URL/repo/elsewhere.git /tmp/b 2>&1 | tail -1
      echo url=http://127.0.0.1:9999/x | git credential fill 2>&1 | grep password
      echo SEEN; sort -u /tmp/seen; echo END`;
    const { id } = await startSession(stack, {
      repos: [{ id: repo }],
      env: { RECORDER },
      command: ['bash', '-c', script],
    });
    await settled(stack, id);
    const log = await logOf(stack, id);
    expect(log).toContain(
      'branch.main.merge branch.main.remote core.bare core.filemode core.logallrefupdates core.repositoryformatversion remote.origin.fetch remote.origin.url',
    );
    expect(log).toContain("cannot access '/tmp/owned'");
    expect(log).not.toContain('password=');
    const seen = log
      .slice(log.indexOf('SEEN\n') + 5, log.indexOf('END\n'))
      .trim()
      .split('\n');
    expect(seen).toContain('/abroad.git/info/refs?service=git-upload-pack authorization=None');
    expect(seen).toContain('/v1/repo/elsewhere.git/info/refs?service=git-upload-pack authorization=None');
    expect(seen.filter((line) => !line.endsWith('authorization=None'))).toEqual([]);
    // The token opens its own repo only: the other one on the same host stays shut.
    expect(log).toContain(`/repo/${other}.git' into submodule path`);
  });
});
