import { describe, expect, it } from 'vitest';
import { containerSpec, type ContainerOptions } from '../../src/runtime/docker/container-spec.ts';
import type { Workspace } from '../../src/runtime/docker/workspace.ts';

const spec = {
  sandboxId: 'sbx_1',
  sessionId: 'ses_1',
  tokenId: 'tok_1',
  image: 'daypass/sandbox',
  resources: { cpus: 0.5, memoryMb: 256, pids: 64, diskMb: 512 },
  mounts: { toolsDir: '/t', gatewayDir: '/g', hostsFile: '/h', resolvFile: '/r' },
};
const disk: Workspace = { kind: 'disk', source: '/d' };
const made = (workspace: Workspace = disk): ContainerOptions =>
  containerSpec(spec, { installation: 'test', initDir: '/i', workspace, runtime: null, ipv6Loopback: true });

describe('a sandbox as a container', () => {
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

  it('can write to two places of the host, which are its init’s and its disk', () => {
    const writable = (made().HostConfig.Mounts ?? []).filter(({ ReadOnly }) => ReadOnly !== true);
    expect(writable.map(({ Source, Target }) => [Source, Target])).toEqual([
      ['/i', '/run/daypass-init'],
      ['/d', '/workspace'],
    ]);
  });

  it('has its workspace in memory where no disk can be made, limited as asked', () => {
    const { Tmpfs, Mounts } = made({ kind: 'tmpfs' }).HostConfig;
    expect((Tmpfs as Record<string, string>)['/workspace']).toContain('size=512m');
    expect((Mounts ?? []).some(({ Target }) => Target === '/workspace')).toBe(false);
    expect(made().HostConfig.Tmpfs).not.toHaveProperty('/workspace');
  });

  it('is limited in memory, cpu and processes as asked', () => {
    const { Memory, MemorySwap, NanoCpus, PidsLimit } = made().HostConfig;
    expect({ Memory, MemorySwap, NanoCpus, PidsLimit }).toEqual({
      Memory: 256 * 1024 * 1024,
      MemorySwap: 256 * 1024 * 1024,
      NanoCpus: 5e8,
      PidsLimit: 64,
    });
  });
});
