import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../../src/cli/up/run-program.ts';
import { buildServiceImage } from '../../src/images/service-image.ts';
import { connectDocker } from '../../src/runtime/docker/connect.ts';
import { verifyReceipt } from '../../src/token/receipt/verify-receipt.ts';
import { readLoopDevices, readMounts } from '../../src/warden/disks/kernel-tables.ts';
import { createRepo, logOf, settled, startSession, until } from '../scenarios/session.ts';
import { isRoot } from '../support/as-root.ts';
import { eventually } from '../support/eventually.ts';
import { composeUp, SERVICES, type Installation, type Service } from './installation.ts';

describe.runIf(isRoot)('an installation by Compose', () => {
  let daypass: Installation;
  beforeAll(async () => {
    const authorities = process.env['NODE_EXTRA_CA_CERTS'];
    await buildServiceImage({ docker: connectDocker(undefined), authorities, onProgress: () => undefined });
    daypass = await composeUp();
  }, 300_000);
  afterAll(async () => daypass?.[Symbol.asyncDispose](), 60_000);

  const USERS: Record<Service, string> = {
    host: '0',
    redis: '7001',
    'git-host': '7002',
    api: '7003',
    minter: '7004',
    gateway: '7005',
    worker: '7006',
    warden: '0',
  };

  const HELD = {
    Privileged: false,
    ReadonlyRootfs: true,
    CapDrop: ['ALL'],
    SecurityOpt: expect.arrayContaining(['no-new-privileges']),
    Memory: expect.any(Number),
    NanoCpus: 1e9,
    PidsLimit: expect.any(Number),
    LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
    RestartPolicy: { Name: 'unless-stopped' },
  };

  const inspectAll = () => Promise.all(SERVICES.map(async (name) => [name, await daypass.inspect(name)] as const));

  it('runs a session on a repo of its git host, on a disk, and its receipt is what the minter signed', async () => {
    const repo = await createRepo(daypass, { 'hello.txt': 'hello\n' });
    const { id } = await startSession(daypass, {
      repos: [{ id: repo, path: 'app' }],
      command: ['sh', '-c', 'cat hello.txt; df --output=source /workspace; git remote get-url origin'],
    });
    const log = await logOf(daypass, id);
    expect(log).toContain('hello\n');
    expect(log).toMatch(/\/dev\/loop\d+/);
    expect(log).toContain(`http://git.localhost:${daypass.gitPort}/v1/repo/${repo}.git`);
    expect(await settled(daypass, id)).toMatchObject({ status: 'succeeded', token: { state: 'revoked' } });
    expect(await verdictOn(id)).toBe('valid');
  });

  it('lets a session go on while each service is restarted, one after the other', async () => {
    const repo = await createRepo(daypass);
    const wait = 'until git ls-remote --quiet --exit-code origin go 2>/dev/null; do sleep 0.2; done; echo went on';
    const { id } = await startSession(daypass, { repos: [{ id: repo, path: 'app' }], command: ['sh', '-c', wait] });
    await until(daypass, id, ({ status }) => status === 'running');
    for (const service of SERVICES) {
      await daypass.compose('restart', service);
      await eventually(
        () => daypass.inspect(service),
        ({ State }) => State.Health?.Status === 'healthy',
        { timeoutMs: 30_000, everyMs: 200 },
      );
    }
    // Whoever took the warden's place knows whose disk that is.
    expect(await readdir(daypass.places.diskDir)).toHaveLength(1);
    await pushBranch(repo, 'go');
    expect(await settled(daypass, id)).toMatchObject({ status: 'succeeded', token: { state: 'revoked' } });
    expect(await logOf(daypass, id)).toContain('went on');
    expect(await verdictOn(id)).toBe('valid');
  }, 300_000);

  it('serves the dashboard', async () => {
    const page = await daypass.call('GET', '/');
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<script');
  });

  it('publishes two ports, both on the loopback address', async () => {
    const published = (await inspectAll()).flatMap(([, { NetworkSettings }]) =>
      Object.values(NetworkSettings.Ports).flatMap((ports) => ports ?? []),
    );
    const ours = [daypass.apiPort, daypass.gitPort].map((port) => ({ HostIp: '127.0.0.1', HostPort: String(port) }));
    expect(published).toHaveLength(2);
    expect(published).toEqual(expect.arrayContaining(ours));
  });

  it("has the engine's socket in the warden alone", async () => {
    const holders = (await inspectAll()).filter(([, { Mounts }]) =>
      Mounts.some(({ Source, Destination }) => `${Source} ${Destination}`.includes('docker.sock')),
    );
    expect(holders.map(([name]) => name)).toEqual(['warden']);
  });

  it('runs each role as its own user', async () => {
    const users = (await inspectAll()).map(async ([name, { Id }]) => {
      const { Titles, Processes } = await daypass.docker.getContainer(Id).top({ ps_args: '-eo pid,uid' });
      const uids = Processes.map((process: string[]) => process[Titles.indexOf('UID')]);
      return [name, [...new Set(uids)].join()];
    });
    expect(Object.fromEntries(await Promise.all(users))).toEqual(USERS);
  });

  it('holds every role to limits, and gives capabilities to none but the two that are root', async () => {
    const found = await inspectAll();
    const asWanted = Object.fromEntries(SERVICES.map((name) => [name, HELD]));
    expect(Object.fromEntries(found.map(([name, { HostConfig }]) => [name, HostConfig]))).toMatchObject(asWanted);
    const withCapabilities = found.filter(([, { HostConfig }]) => (HostConfig.CapAdd ?? []).length > 0);
    expect(withCapabilities.map(([name]) => name)).toEqual(['host', 'warden']);
  });

  it('shows no secret to those who look at its containers or its file', async () => {
    const seen = [JSON.stringify(await inspectAll()), await daypass.compose('--profile', 'tools', 'config')].join('\n');
    for (const secret of daypass.secrets) expect(seen).not.toContain(secret);
  });

  it('lets no role reach another over the network but the git host, and the minter nothing outside', async () => {
    const reaches = async (service: Service, url: string): Promise<boolean> =>
      daypass.compose('exec', '-T', service, 'node', '-e', `fetch("${url}").then(() => 0, () => process.exit(1))`).then(
        () => true,
        () => false,
      );
    const gitHost = `http://git.localhost:${daypass.gitPort}/v1/repo`;
    expect(await reaches('minter', gitHost)).toBe(true);
    expect(await reaches('gateway', gitHost)).toBe(true);
    expect(await reaches('worker', gitHost)).toBe(false);
    expect(await reaches('gateway', 'http://api:7070/healthz')).toBe(false);
    const { NetworkSettings } = await daypass.inspect('minter');
    const [network = ''] = Object.keys(NetworkSettings.Networks);
    expect(Object.keys(NetworkSettings.Networks)).toHaveLength(1);
    expect(await daypass.docker.getNetwork(network).inspect()).toMatchObject({ Internal: true });
  });

  it('has no role that ended by itself', async () => {
    const counts = (await inspectAll()).map(([name, { RestartCount }]) => [name, RestartCount]);
    expect(Object.fromEntries(counts)).toEqual(Object.fromEntries(SERVICES.map((name) => [name, 0])));
  });

  it('has the command at hand, with the key of its operator', async () => {
    expect(await daypass.compose('exec', '-T', 'api', 'daypass', 'tokens')).toContain('revoked');
  });

  it('gives a doctor who finds nothing to mend', async () => {
    const lines = (await daypass.compose('run', '--rm', '-T', 'doctor')).trim().split('\n');
    expect(lines.filter((line) => line.startsWith('✗'))).toEqual([]);
    expect(lines).toContainEqual('✓ invariants: all hold');
    expect(lines).toContainEqual('✓ disk way: ext4 loop');
    expect(lines).toContainEqual(expect.stringMatching(`^✓ tools directory: ${daypass.places.toolsDir}/[0-9a-f]{64}$`));
  });

  it('is gone without a trace when it is taken down', async () => {
    await daypass.compose('--profile', 'tools', 'down', '--volumes');
    const filters = { label: [`com.docker.compose.project=${daypass.project}`] };
    expect(await daypass.docker.listContainers({ all: true, filters })).toEqual([]);
    const sandboxes = { label: [`daypass.installation=${daypass.project}`] };
    expect(await daypass.docker.listContainers({ all: true, filters: sandboxes })).toEqual([]);
    expect((await daypass.docker.listVolumes({ filters })).Volumes ?? []).toEqual([]);
    expect(await daypass.docker.listNetworks({ filters })).toEqual([]);
    const { runDir, diskDir } = daypass.places;
    const inPlaces = (path: string): boolean => path.startsWith(runDir) || path.startsWith(diskDir);
    expect((await readMounts()).filter(({ target }) => inPlaces(target))).toEqual([]);
    expect((await readLoopDevices()).filter(({ file }) => inPlaces(file))).toEqual([]);
    expect(await readdir(join(runDir, '..'))).toEqual(['secrets']);
  });

  /** Once it is signed. */
  async function verdictOn(id: string): Promise<string> {
    const receipt = await eventually(
      async () => (await (await daypass.call('GET', `/v1/sessions/${id}/receipt`)).json()) as { signature: unknown },
      ({ signature }) => signature !== null,
    );
    const answer = await daypass.call('GET', '/.well-known/daypass-receipt-keys.json');
    const { keys } = (await answer.json()) as { keys: Parameters<typeof verifyReceipt>[1] };
    return verifyReceipt(receipt, keys);
  }

  /** As a user of the git host does it, from outside. */
  async function pushBranch(repo: string, branch: string): Promise<void> {
    const dir = await mkdtemp(join(tmpdir(), 'dp-clone-'));
    const url = `http://x:${daypass.gitHostKey}@127.0.0.1:${daypass.gitPort}/v1/repo/${repo}.git`;
    const git = async (...args: string[]): Promise<void> => {
      const { code, output } = await runProgram('git', args, { env: process.env, cwd: dir, timeoutMs: 30_000 });
      if (code !== 0) throw new Error(output);
    };
    try {
      await git('clone', '--quiet', url, '.');
      await git('push', '--quiet', 'origin', `HEAD:refs/heads/${branch}`);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  }
});
