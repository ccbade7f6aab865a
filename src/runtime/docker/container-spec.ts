import type { ContainerCreateOptions, HostConfig } from 'dockerode';
import { smallDisksOf } from '../../session/small-disks.ts';
import type { SandboxMounts, SandboxSpec } from '../sandbox-spec.ts';
import { INIT_DIR_TARGET } from '../init-dir.ts';
import { SANDBOX_HOST_NAME } from '../sandbox-host-name.ts';
import { AGENT_ID } from './agent-id.ts';
import { sandboxLabels } from './labels.ts';
import { SECCOMP_OPTION } from './seccomp.ts';
import type { Workspace } from './workspace.ts';

const MEBIBYTE = 1024 * 1024;
/** Enough for compilers and watchers, and below what any engine of ours has been started with. */
const OPEN_FILES = 8_192;
/** The file in which init reports only grows, and may grow so long. What it starts, it lets make files of any length. */
const REPORTS_BYTES = 2 ** 40;
const UNLIMITED = -1;
/**
 * Of proc(5) and sysfs(5), what tells of the host: what engines hide by themselves (Docker's default), as a list of one's own
 * stands in its place, and the disks of the host, among them those of other sandboxes.
 */
export const MASKED_PATHS = [
  '/proc/acpi /proc/asound /proc/interrupts /proc/kcore /proc/keys /proc/latency_stats /proc/sched_debug /proc/scsi',
  '/proc/timer_list /proc/timer_stats /sys/firmware /sys/devices/virtual/powercap',
  '/proc/diskstats /proc/partitions /sys/block /sys/class/block /sys/dev/block /sys/devices/virtual/block',
].flatMap((paths) => paths.split(' '));

export const IPV6_OFF = 'net.ipv6.conf.lo.disable_ipv6';

/** A create request; the types of dockerode 5 leave out the cgroup namespace (Engine API 1.41). */
export type ContainerOptions = ContainerCreateOptions & { HostConfig: HostConfig & { CgroupnsMode: string } };

/** What a container's options depend on besides its spec. */
export interface ContainerPlace {
  installation: string;
  /** The directory that its init shares with the worker. */
  initDir: string;
  workspace: Workspace;
  /** A runtime of the engine, such as runsc; null: its default. */
  runtime: string | null;
  ipv6Loopback: boolean;
}

/**
 * What Docker is asked for, from what a session needs. Pure, and the only place where a container's options are made:
 * requests never carry Docker options.
 */
export function containerSpec(
  spec: SandboxSpec,
  { installation, initDir, workspace, runtime, ipv6Loopback }: ContainerPlace,
): ContainerOptions {
  const { cpus, memoryMb, pids, diskMb } = spec.resources;
  // What is in a tmpfs counts as the container's memory: the limit covers processes and those files. Of a disk only what
  // is cached counts, which the kernel gives up where processes need it.
  const memoryBytes = memoryMb * MEBIBYTE;
  const small = smallDisksOf(spec.resources);
  return {
    name: spec.sandboxId,
    Image: spec.image,
    Labels: sandboxLabels(spec, installation),
    Hostname: SANDBOX_HOST_NAME,
    User: `${AGENT_ID}:${AGENT_ID}`,
    WorkingDir: '/workspace',
    Entrypoint: ['/opt/daypass/bin/init'],
    Cmd: [],
    // The image's health check would run a program of the image beside the agent.
    Healthcheck: { Test: ['NONE'] },
    NetworkDisabled: true,
    // Orders and reports go through the directory of init: nothing passes through the engine.
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    Tty: false,
    HostConfig: {
      NetworkMode: 'none',
      AutoRemove: false,
      RestartPolicy: { Name: 'no' },
      ReadonlyRootfs: true,
      Privileged: false,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges', SECCOMP_OPTION],
      MaskedPaths: MASKED_PATHS,
      IpcMode: 'private',
      CgroupnsMode: 'private',
      Init: false,
      ...(runtime !== null && { Runtime: runtime }),
      // Engines take IPv6 away from a container without a network, and with it `::1`.
      ...(ipv6Loopback && { Sysctls: { [IPV6_OFF]: '0' } }),
      Memory: memoryBytes,
      MemorySwap: memoryBytes,
      NanoCpus: Math.round(cpus * 1e9),
      PidsLimit: pids,
      Ulimits: [
        { Name: 'core', Soft: 0, Hard: 0 },
        { Name: 'nofile', Soft: OPEN_FILES, Hard: OPEN_FILES },
        { Name: 'fsize', Soft: REPORTS_BYTES, Hard: UNLIMITED },
      ],
      Tmpfs: {
        ...(workspace.kind === 'tmpfs' && { '/workspace': tmpfs(diskMb) }),
        '/home/agent': tmpfs(small['/home/agent']),
        '/tmp': `rw,nosuid,nodev,exec,size=${small['/tmp']}m,mode=1777`,
      },
      ShmSize: small['/dev/shm'] * MEBIBYTE,
      Mounts: [
        ...readOnlyMounts(spec.mounts),
        writableMount(initDir, INIT_DIR_TARGET),
        ...(workspace.kind === 'disk' ? [writableMount(workspace.source, '/workspace')] : []),
      ],
      LogConfig: { Type: 'none', Config: {} },
    },
  };
}

function tmpfs(sizeMb: number): string {
  return `rw,nosuid,nodev,exec,size=${sizeMb}m,mode=0755,uid=${AGENT_ID},gid=${AGENT_ID}`;
}

type Mounts = NonNullable<HostConfig['Mounts']>;

function readOnlyMounts({ toolsDir, gatewayDir, hostsFile, resolvFile }: SandboxMounts): Mounts {
  const bind = (source: string, target: string): Mounts[number] => ({
    Type: 'bind',
    Source: source,
    Target: target,
    ReadOnly: true,
  });
  return [
    bind(toolsDir, '/opt/daypass'),
    bind(gatewayDir, '/run/daypass'),
    bind(hostsFile, '/etc/hosts'),
    bind(resolvFile, '/etc/resolv.conf'),
  ];
}

/** Not more than what is mounted at the source already may: a disk is mounted without devices and rights of files. */
function writableMount(source: string, target: string): Mounts[number] {
  return { Type: 'bind', Source: source, Target: target, ReadOnly: false };
}
