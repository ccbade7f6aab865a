import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyForAll, type ProgramPlace } from '../../support/copy-for-all.ts';
import { startTestRedis } from '../../support/redis.ts';
import { nothingLeft, startStack, type Stack } from '../../support/stack.ts';
import { createRepo, logOf, settled, startSession, until } from '../session.ts';
import { layOut, layOutRunDir, USERS } from './lay-out.ts';
import { probe, type Attempt } from './probe.ts';

describe('roles that run as users of their own', () => {
  let stack: Stack;
  let place: ProgramPlace;
  beforeAll(async () => {
    place = await copyForAll(await mkdtemp(join(tmpdir(), 'dp-programs-')));
    const redis = await startTestRedis();
    stack = await startStack({}, { redis, place, layOut: (dir) => layOut(dir, redis.url) });
  });
  afterAll(async () => {
    await stack[Symbol.asyncDispose]();
    await rm(place.root, { recursive: true, force: true });
  });

  it('are the users that the processes have', async () => {
    for (const [role, { uid }] of Object.entries(USERS)) {
      const status = await readFile(`/proc/${stack.process(role as keyof typeof USERS).pid}/status`, 'utf8');
      expect(status).toMatch(new RegExp(`^Uid:\\s+${uid}\\s+${uid}\\s`, 'm'));
    }
  });

  it('run a session from its start to its receipt, with the network told of and the log read', async () => {
    const repo = await createRepo(stack);
    const script = `cat README.md; git push -q origin HEAD:refs/heads/work && echo pushed
      curl -s -m 5 http://not-allowed.example/ || true`;
    const { id } = await startSession(stack, { repos: [{ id: repo, path: 'app' }], command: ['sh', '-c', script] });
    expect(await settled(stack, id)).toMatchObject({ status: 'succeeded', token: { state: 'revoked' } });
    const log = await logOf(stack, id);
    expect(log).toContain('# Hello');
    expect(log).toContain('pushed');
    const { data } = (await (await stack.call('GET', `/v1/sessions/${id}/events?limit=200`)).json()) as {
      data: { type: string; detail: { verdict?: string; host?: string } }[];
    };
    expect(data.filter(({ type }) => type === 'network').map(({ detail }) => detail.verdict)).toContain('refused');
  });

  it('run one whose token stays with the gateway', async () => {
    const repo = await createRepo(stack);
    const script = 'git fetch -q && echo fetched; git push -q origin HEAD:agent/$DAYPASS_SESSION_ID/a && echo pushed';
    const { id } = await startSession(stack, {
      repos: [{ id: repo, push: {} }],
      credentials: { delivery: 'gateway' },
      command: ['sh', '-c', script],
    });
    await settled(stack, id);
    const log = await logOf(stack, id);
    expect(log).toContain('fetched');
    expect(log).toContain('pushed');
  });

  it('survive a restart of each of them while a session runs', async () => {
    const repo = await createRepo(stack);
    const script = 'while ! test -e /tmp/end; do git fetch -q && echo fetched; sleep 0.3; done';
    const { id } = await startSession(stack, { repos: [{ id: repo }], command: ['sh', '-c', script] });
    await until(stack, id, ({ status }) => status === 'running');
    for (const role of ['git-host', 'warden', 'minter', 'gateway', 'worker', 'api'] as const) {
      await stack.stop(role);
      await stack.start(role);
    }
    const fetches = async (): Promise<number> =>
      ((await (await stack.call('GET', `/v1/sessions/${id}/logs`)).text()).match(/fetched/g) ?? []).length;
    const before = await fetches();
    await expect.poll(fetches, { timeout: 15_000 }).toBeGreaterThan(before + 1);
    await stack.call('POST', `/v1/sessions/${id}/stop`);
    expect(await settled(stack, id)).toMatchObject({ status: 'stopped', token: { state: 'revoked' } });
  });

  it('each open what they need and nothing else, while a session runs', async () => {
    const repo = await createRepo(stack);
    const { id } = await startSession(stack, { repos: [{ id: repo }], command: ['sh', '-c', 'echo ready; sleep 60'] });
    await until(stack, id, ({ status }) => status === 'running');
    const attempts = await attemptsOn(stack, id);
    const all = attempts.map(({ name }) => name);
    const allowed = async (role: keyof typeof USERS): Promise<string[]> => {
      const said = await probe(place.node, USERS[role], attempts);
      expect(Object.keys(said)).toEqual(all);
      // Nothing is missing that would look as if it were refused.
      expect(Object.values(said).filter((word) => !['done', 'EACCES'].includes(word))).toEqual([]);
      return all.filter((name) => said[name] === 'done');
    };
    expect(await allowed('worker')).toEqual([
      'Redis',
      'the warden',
      'the minter',
      'the way out of the sandbox',
      'orders of the sandbox',
      'output of the sandbox',
      'its policy',
      'a policy of one’s own',
      'its decisions',
      'a decision of one’s own',
      'its log',
      'a log of one’s own',
    ]);
    expect(await allowed('gateway')).toEqual([
      'credentials',
      'the way out of the sandbox',
      'its policy',
      'its decisions',
      'a decision of one’s own',
      'pushes',
    ]);
    expect(await allowed('minter')).toEqual(['Redis', 'the minter', 'credentials', 'the spool']);
    expect(await allowed('api')).toEqual(['Redis', 'its log']);
    expect(await allowed('git-host')).toEqual(['repos']);
    await stack.call('POST', `/v1/sessions/${id}/stop`);
    await settled(stack, id);
  });

  it('have the warden remove what a removal that was cut off has left of a way out', async () => {
    const gateways = join(stack.dir, 'run', 'gateways');
    await mkdir(join(gateways, 'sbx_left'), { mode: 0o775 });
    await expect.poll(() => readdir(gateways), { timeout: 40_000 }).toEqual([]);
  });

  it('end a session whose host was started anew, and have no error to tell of', async () => {
    const repo = await createRepo(stack);
    const { id } = await startSession(stack, { repos: [{ id: repo }], command: ['sleep', '600'] });
    await until(stack, id, ({ status }) => status === 'running');
    const roles = ['api', 'worker', 'gateway', 'minter', 'git-host', 'warden'] as const;
    for (const role of roles) await stack.stop(role, 'SIGKILL');
    // What lies in memory is gone then, and no container runs.
    for (const { Id } of await stack.containers()) await stack.docker.getContainer(Id).kill();
    for (const name of await readdir(stack.memoryDir)) await rm(join(stack.memoryDir, name), { recursive: true });
    await rm(join(stack.dir, 'run'), { recursive: true });
    await layOutRunDir(join(stack.dir, 'run'));
    for (const role of roles.toReversed()) await stack.start(role);
    expect(await settled(stack, id)).toMatchObject({ status: 'failed', token: { state: 'revoked' } });
    const errors = roles.flatMap((role) =>
      stack
        .process(role)
        .lines()
        .filter((line) => /"level":[56]0/.test(line)),
    );
    expect(errors).toEqual([]);
  });

  it('leave nothing behind, all in all', async () => {
    expect(await nothingLeft(stack)).toEqual([]);
  });
});

/** Everything that roles share or keep for themselves, as of a session that runs. */
async function attemptsOn(stack: Stack, sessionId: string): Promise<Attempt[]> {
  const run = join(stack.dir, 'run');
  const [sandboxId = ''] = await readdir(join(run, 'gateways'));
  const decisions = join(run, 'decisions', sandboxId);
  return [
    { name: 'the engine', how: 'connect', path: '/var/run/docker.sock' },
    { name: 'Redis', how: 'connect', path: stack.redis.url },
    { name: 'the warden', how: 'connect', path: join(run, 'warden', 'engine.sock') },
    { name: 'the minter', how: 'connect', path: join(run, 'minter', 'minter.sock') },
    { name: 'credentials', how: 'connect', path: join(run, 'credentials', 'credentials.sock') },
    { name: 'the way out of the sandbox', how: 'connect', path: join(run, 'gateways', sandboxId, 'gateway.sock') },
    { name: 'orders of the sandbox', how: 'connect', path: join(stack.memoryDir, sandboxId, 'orders.sock') },
    { name: 'output of the sandbox', how: 'read', path: join(stack.memoryDir, sandboxId, 'reports') },
    { name: 'its policy', how: 'read', path: join(run, 'policies', `${sandboxId}.json`) },
    { name: 'a policy of one’s own', how: 'add', path: join(run, 'policies') },
    { name: 'its decisions', how: 'list', path: decisions },
    { name: 'a decision of one’s own', how: 'add', path: decisions },
    { name: 'a place among the ways out', how: 'add', path: join(run, 'gateways') },
    { name: 'its log', how: 'read', path: join(stack.dir, 'logs', sessionId, '1.ndjson') },
    { name: 'a log of one’s own', how: 'add', path: join(stack.dir, 'logs', sessionId) },
    { name: 'the spool', how: 'list', path: join(stack.dir, 'data', 'spool') },
    { name: 'pushes', how: 'list', path: join(stack.dir, 'data-gateway', 'pushes') },
    { name: 'repos', how: 'list', path: join(stack.dir, 'data-git-host', 'git-host') },
    { name: 'a tool of one’s own', how: 'add', path: join(stack.dir, 'tools') },
    { name: 'disks', how: 'list', path: stack.diskDir },
  ];
}
