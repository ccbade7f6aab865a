import { describe, expect, it } from 'vitest';
import { containerSpec, type ContainerOptions } from '../../src/runtime/docker/container-spec.ts';
import { profileViolations } from '../../src/runtime/docker/profile-check.ts';

const spec = {
  sandboxId: 'sbx_1',
  sessionId: 'ses_1',
  tokenId: 'tok_1',
  image: 'daypass/sandbox',
  resources: { cpus: 0.5, memoryMb: 256, pids: 64, diskMb: 512 },
  mounts: { toolsDir: '/t', gatewayDir: '/g', hostsFile: '/h', resolvFile: '/r' },
};
const made = (): ContainerOptions => containerSpec(spec, { installation: 'test', initDir: '/i' });

describe('a sandbox as a container', () => {
  it('is inside the profile', () => {
    expect(profileViolations(made())).toEqual([]);
  });

  it('carries labels that say whose it is, and no value that could be a secret', () => {
    expect(made().Labels).toEqual({
      'daypass.role': 'session',
      'daypass.installation': 'test',
      'daypass.sandbox': 'sbx_1',
      'daypass.session': 'ses_1',
      'daypass.token': 'tok_1',
    });
    expect(made().Env).toBeUndefined();
  });

  it('can write to one place of the host, which is its init’s', () => {
    const writable = (made().HostConfig.Mounts ?? []).filter(({ ReadOnly }) => ReadOnly !== true);
    expect(writable.map(({ Source, Target }) => [Source, Target])).toEqual([['/i', '/run/daypass-init']]);
  });

  it('is limited in memory, cpu and processes as asked, files included', () => {
    const { Memory, MemorySwap, NanoCpus, PidsLimit, Tmpfs } = made().HostConfig;
    expect({ Memory, MemorySwap, NanoCpus, PidsLimit }).toEqual({
      Memory: 256 * 1024 * 1024,
      MemorySwap: 256 * 1024 * 1024,
      NanoCpus: 5e8,
      PidsLimit: 64,
    });
    expect((Tmpfs as Record<string, string>)['/workspace']).toContain('size=512m');
  });
});

describe('the second check', () => {
  const outside: [string, (options: ContainerOptions) => void, RegExp][] = [
    ['root', (o) => void (o.User = '0:0'), /root/],
    ['a network', (o) => void (o.HostConfig.NetworkMode = 'bridge'), /network/],
    ['a writable root', (o) => void (o.HostConfig.ReadonlyRootfs = false), /writable/],
    ['privileges', (o) => void (o.HostConfig.Privileged = true), /privileged/],
    ['a capability', (o) => void (o.HostConfig.CapAdd = ['SYS_ADMIN']), /capabilities/],
    ['no seccomp', (o) => void (o.HostConfig.SecurityOpt = ['seccomp=unconfined']), /security options/],
    ['the host’s processes', (o) => void (o.HostConfig.PidMode = 'host'), /namespace/],
    ['a device', (o) => void (o.HostConfig.Devices = [{ PathOnHost: '/dev/kvm' }]), /devices/],
    ['the Docker socket', (o) => void (o.HostConfig.Binds = ['/var/run/docker.sock:/s']), /mounts/],
    [
      'a writable mount',
      (o) => void o.HostConfig.Mounts?.push({ Type: 'bind', Source: '/', Target: '/opt/daypass', ReadOnly: false }),
      /writable/,
    ],
    [
      'another mount point',
      (o) => void o.HostConfig.Mounts?.push({ Type: 'bind', Source: '/', Target: '/host', ReadOnly: true }),
      /mount point/,
    ],
    ['endless memory', (o) => void (o.HostConfig.Memory = 0), /memory/],
    ['swap', (o) => void (o.HostConfig.MemorySwap = -1), /memory/],
    ['endless processes', (o) => void (o.HostConfig.PidsLimit = -1), /processes/],
    ['a log kept by the engine', (o) => void (o.HostConfig.LogConfig = { Type: 'json-file', Config: {} }), /output/],
    ['a value in the environment', (o) => void (o.Env = ['REPO_TOKEN=x']), /inspect/],
  ];
  it.each(outside)('refuses %s', (_name, spoil, said) => {
    const options = made();
    spoil(options);
    expect(profileViolations(options).join('; ')).toMatch(said);
  });
});
