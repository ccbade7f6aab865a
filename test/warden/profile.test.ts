import { describe, expect, it } from 'vitest';
import { containerSpec, type ContainerOptions } from '../../src/runtime/docker/container-spec.ts';
import type { Workspace } from '../../src/runtime/docker/workspace.ts';
import { createBody } from '../../src/warden/profile/create-body.ts';
import { profileViolations, type ProfileDeps } from '../../src/warden/profile/require-profile.ts';

const deps: ProfileDeps = {
  installation: 'test',
  limits: { cpus: 2, memoryMb: 512, pids: 128, diskMb: 1_024 },
  host: {
    engineId: 'E',
    capacity: { cpus: 2, memoryMb: 4_096, diskMb: 10_000 },
    runDir: '/run/daypass',
    memoryDir: '/dev/shm/daypass',
    toolsDir: '/run/daypass/tools/1',
    hostsFile: '/run/daypass/names/hosts',
    resolvFile: '/run/daypass/names/resolv.conf',
    runtime: null,
    ipv6Loopback: true,
    disks: { way: 'ext4' },
  },
  disks: {
    way: { way: 'ext4' },
    sourceOf: (id) => `/var/lib/daypass/disks/${id}/workspace`,
    isPromised: async () => true,
    promise: async () => ({ kind: 'tmpfs' }),
    whenMade: async () => undefined,
    handOver: async () => undefined,
    remove: async () => undefined,
    list: async () => [],
  },
  places: {
    initDirOf: (id) => `/dev/shm/daypass/${id}`,
    gatewayDirOf: (id) => `/run/daypass/gateways/${id}`,
    make: async () => undefined,
    lock: async () => undefined,
    remove: async () => undefined,
  },
};

const disk: Workspace = { kind: 'disk', source: '/var/lib/daypass/disks/sbx_1/workspace' };

function made(runtime: string | null = null, workspace: Workspace = disk): ContainerOptions {
  const { name: _name, ...options } = containerSpec(
    {
      sandboxId: 'sbx_1',
      sessionId: 'ses_1',
      tokenId: 'tok_1',
      image: 'daypass/sandbox',
      resources: { cpus: 0.5, memoryMb: 256, pids: 64, diskMb: 512 },
      mounts: {
        toolsDir: deps.host.toolsDir,
        gatewayDir: '/run/daypass/gateways/sbx_1',
        hostsFile: deps.host.hostsFile,
        resolvFile: deps.host.resolvFile,
      },
    },
    { installation: 'test', initDir: '/dev/shm/daypass/sbx_1', workspace, runtime, ipv6Loopback: true },
  );
  // As it comes in over the socket.
  return JSON.parse(JSON.stringify(options)) as ContainerOptions;
}

/** What the warden says of it, in one text; empty: nothing is wrong. */
function said(options: ContainerOptions, over: Partial<ProfileDeps> = {}): string {
  const read = createBody.safeParse(options);
  if (!read.success) return read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  return profileViolations(read.data, 'sbx_1', { ...deps, ...over }).join('; ');
}

describe('the profile of a sandbox', () => {
  it('has what a worker asks for', () => {
    expect(said(made())).toBe('');
  });

  it('has the runtime that the operator names, and no other', () => {
    const host = { ...deps.host, runtime: 'runsc' };
    expect(said(made('runsc'), { host })).toBe('');
    expect(said(made(), { host })).toMatch(/runtime is not runsc/);
    expect(said(made('runsc'))).toMatch(/runtime is not the engine's default/);
  });

  it('has a workspace of the size that sessions may have, in memory where no disks are made, and nowhere else', () => {
    const disks = { ...deps.disks, way: { way: 'tmpfs', because: 'of a test' }, sourceOf: () => null } as const;
    const inMemory = made(null, { kind: 'tmpfs' });
    expect(said(inMemory, { disks })).toBe('');
    expect(said(inMemory)).toMatch(/not made the way of this host.*lacks .*workspace/);
    expect(said(made(), { disks })).toMatch(/not made the way of this host.*has .*workspace/);
    expect(said(inMemory, { disks, limits: { ...deps.limits, diskMb: 511 } })).toMatch(/more disk than 511 MiB/);
  });

  type Spoil = (options: ContainerOptions & Record<string, unknown>) => void;
  const mounts = (options: ContainerOptions) => options.HostConfig.Mounts ?? [];
  const at = (options: ContainerOptions, target: string) => mounts(options).find(({ Target }) => Target === target);
  const host = (options: ContainerOptions) => options.HostConfig as unknown as Record<string, unknown>;
  const outside: [string, Spoil, RegExp][] = [
    ['root', (o) => void (o.User = '0:0'), /User/],
    ['root’s group', (o) => void (o.User = '1000:0'), /User/],
    ['a network', (o) => void (o.HostConfig.NetworkMode = 'bridge'), /NetworkMode/],
    ['a network by its configuration', (o) => void (o['NetworkingConfig'] = {}), /NetworkingConfig/],
    ['a writable root', (o) => void (o.HostConfig.ReadonlyRootfs = false), /ReadonlyRootfs/],
    ['privileges', (o) => void (o.HostConfig.Privileged = true), /Privileged/],
    ['a capability', (o) => void (o.HostConfig.CapAdd = ['SYS_ADMIN']), /CapAdd/],
    ['most capabilities', (o) => void (o.HostConfig.CapDrop = ['NET_RAW']), /CapDrop/],
    ['no seccomp', (o) => void (o.HostConfig.SecurityOpt = ['no-new-privileges', 'seccomp=unconfined']), /security/],
    [
      'a seccomp profile with one call more',
      (o) => {
        const [first = '', seccomp = ''] = o.HostConfig.SecurityOpt as string[];
        o.HostConfig.SecurityOpt = [first, seccomp.replace('"accept"', '"accept","bpf"')];
      },
      /security options/,
    ],
    [
      'new privileges',
      (o) => void (o.HostConfig.SecurityOpt = (o.HostConfig.SecurityOpt as string[]).slice(1)),
      /security options/,
    ],
    [
      'another security option',
      (o) => void (o.HostConfig.SecurityOpt as string[]).push('apparmor=unconfined'),
      /security options/,
    ],
    ['the host’s processes', (o) => void (o.HostConfig.PidMode = 'host'), /PidMode/],
    ['the host’s IPC', (o) => void (o.HostConfig.IpcMode = 'host'), /IpcMode/],
    ['the host’s name', (o) => void (o.HostConfig.UTSMode = 'host'), /UTSMode/],
    ['the host’s users', (o) => void (o.HostConfig.UsernsMode = 'host'), /UsernsMode/],
    ['the host’s cgroups', (o) => void (o.HostConfig.CgroupnsMode = 'host'), /CgroupnsMode/],
    ['another cgroup', (o) => void (o.HostConfig.CgroupParent = '/'), /CgroupParent/],
    ['a device', (o) => void (o.HostConfig.Devices = [{ PathOnHost: '/dev/kvm' }]), /Devices/],
    ['devices by rule', (o) => void (host(o)['DeviceCgroupRules'] = ['a *:* rwm']), /DeviceCgroupRules/],
    ['a GPU', (o) => void (o.HostConfig.DeviceRequests = []), /DeviceRequests/],
    ['the Docker socket', (o) => void (o.HostConfig.Binds = ['/var/run/docker.sock:/s']), /Binds/],
    ['the volumes of another', (o) => void (o.HostConfig.VolumesFrom = ['sbx_2']), /VolumesFrom/],
    ['a volume', (o) => void (o.Volumes = { '/data': {} }), /Volumes/],
    ['a volume as a mount', (o) => void (mounts(o)[0]!.Type = 'volume'), /Type/],
    ['a shared mount', (o) => void (mounts(o)[0]!.BindOptions = { Propagation: 'rshared' }), /BindOptions/],
    ['writable tools', (o) => void (at(o, '/opt/daypass')!.ReadOnly = false), /writable/],
    ['other tools', (o) => void (at(o, '/opt/daypass')!.Source = '/'), /\/ at \/opt\/daypass/],
    ['the way out of another', (o) => void (at(o, '/run/daypass')!.Source += '2'), /sbx_12 at \/run\/daypass/],
    ['the init of another', (o) => void (at(o, '/run/daypass-init')!.Source = '/dev/shm/daypass'), /run\/daypass-init/],
    ['the disk of another', (o) => void (at(o, '/workspace')!.Source = '/var/lib/daypass/disks/sbx_2'), /workspace/],
    ['a disk that is not its workspace', (o) => void (at(o, '/workspace')!.Target = '/home/agent'), /home\/agent/],
    ['a path that goes up', (o) => void (at(o, '/run/daypass')!.Source += '/../sbx_2'), /\.\./],
    [
      'another mount point',
      (o) => void mounts(o).push({ Type: 'bind', Source: '/', Target: '/host', ReadOnly: true }),
      /\/ at \/host/,
    ],
    ['a mount twice', (o) => void mounts(o).push(mounts(o)[0]!), /has one twice/],
    ['no tools', (o) => void mounts(o).shift(), /lacks/],
    ['another tmpfs', (o) => void (host(o)['Tmpfs'] = { '/x': 'size=1m' }), /Tmpfs/],
    ['a tmpfs over the tools', (o) => void ((host(o)['Tmpfs'] as never)['/opt'] = 'size=1m' as never), /Tmpfs/],
    ['a tmpfs with devices', (o) => void ((host(o)['Tmpfs'] as never)['/tmp'] = 'rw,dev,size=256m' as never), /tmp/],
    [
      'a tmpfs whose size is said twice',
      (o) => {
        const tmpfs = host(o)['Tmpfs'] as Record<string, string>;
        tmpfs['/workspace'] += ',size=100%';
      },
      /workspace/,
    ],
    ['endless memory', (o) => void (o.HostConfig.Memory = 0), /Memory/],
    ['no limit of memory', (o) => void delete o.HostConfig.Memory, /Memory/],
    ['more memory', (o) => void (o.HostConfig.Memory = o.HostConfig.MemorySwap = 513 * 2 ** 20), /memory than 512 MiB/],
    ['swap', (o) => void (o.HostConfig.MemorySwap = 2 * 256 * 2 ** 20), /swap/],
    ['more cpus', (o) => void (o.HostConfig.NanoCpus = 3e9), /2 cpus/],
    ['endless processes', (o) => void (o.HostConfig.PidsLimit = -1), /PidsLimit/],
    ['more processes', (o) => void (o.HostConfig.PidsLimit = 129), /128 processes/],
    ['not to be killed', (o) => void (o.HostConfig.OomKillDisable = true), /OomKillDisable/],
    ['a better score', (o) => void (o.HostConfig.OomScoreAdj = -1000), /OomScoreAdj/],
    ['core files', (o) => void (o.HostConfig.Ulimits = []), /Ulimits/],
    ['a kernel setting', (o) => void (o.HostConfig.Sysctls = { 'kernel.shmmax': '1' }), /Sysctls/],
    ['paths that are not masked', (o) => void (host(o)['MaskedPaths'] = []), /hidden from sandboxes/],
    ['paths that are not read-only', (o) => void (host(o)['ReadonlyPaths'] = []), /ReadonlyPaths/],
    ['another runtime', (o) => void (host(o)['Runtime'] = 'sysbox'), /runtime/],
    ['a log kept by the engine', (o) => void (o.HostConfig.LogConfig = { Type: 'json-file', Config: {} }), /LogConfig/],
    ['a restart', (o) => void (o.HostConfig.RestartPolicy = { Name: 'always' }), /RestartPolicy/],
    ['a port', (o) => void (o.HostConfig.PortBindings = {}), /PortBindings/],
    ['a value in the environment', (o) => void (o.Env = ['REPO_TOKEN=x']), /Env/],
    ['another program', (o) => void (o.Entrypoint = ['/bin/sh']), /Entrypoint/],
    ['arguments', (o) => void (o.Cmd = ['sh']), /Cmd/],
    ['the image’s health check', (o) => void delete o.Healthcheck, /Healthcheck/],
    ['another sandbox', (o) => void (o.Labels!['daypass.sandbox'] = 'sbx_2'), /not that of its sandbox/],
    ['another installation', (o) => void (o.Labels!['daypass.installation'] = 'other'), /another installation/],
    ['a label of its own', (o) => void (o.Labels!['x'] = 'y'), /Labels/],
    ['a label that is missing', (o) => void delete o.Labels!['daypass.session'], /daypass.session/],
    ['a field in other letters', (o) => void (o['hostconfig'] = { Privileged: true }), /hostconfig/],
    ['a field that nobody knows', (o) => void (host(o)['FutureOption'] = true), /FutureOption/],
  ];
  it.each(outside)('refuses %s', (_name, spoil, otherwise) => {
    const options = made();
    spoil(options as ContainerOptions & Record<string, unknown>);
    expect(said(options)).toMatch(otherwise);
  });
});
