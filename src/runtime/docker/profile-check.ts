import type { ContainerOptions } from './container-spec.ts';

/** Mount points that a sandbox may have; the first is init's, which closes it to the agent before the agent starts. */
const WRITABLE_TARGET = '/run/daypass-init';
const ALLOWED_TARGETS = new Set([WRITABLE_TARGET, '/opt/daypass', '/run/daypass', '/etc/hosts', '/etc/resolv.conf']);
const ALLOWED_TMPFS = new Set(['/workspace', '/home/agent', '/tmp']);

/**
 * What is wrong with the final options of a container, as sentences; empty when it is inside the profile. Written
 * apart from `containerSpec`, so that a slip there is caught here before the engine sees it.
 */
export function profileViolations(options: ContainerOptions): string[] {
  const host = options.HostConfig;
  const checks: [holds: boolean, otherwise: string][] = [
    [/^[1-9]\d*:[1-9]\d*$/.test(options.User ?? ''), 'it would run as root'],
    [options.NetworkDisabled === true && host.NetworkMode === 'none', 'it would have a network'],
    [host.ReadonlyRootfs === true, 'its root would be writable'],
    [host.Privileged !== true, 'it would be privileged'],
    [isExactly(host.CapDrop, ['ALL']) && isEmpty(host.CapAdd), 'it would have capabilities'],
    [isExactly(host.SecurityOpt, ['no-new-privileges']), 'its security options are not the profile’s'],
    [host.IpcMode === 'private' && host.CgroupnsMode === 'private', 'it would share a namespace'],
    [isEmpty(host.PidMode) && isEmpty(host.UTSMode) && isEmpty(host.UsernsMode), 'it would share a namespace'],
    [isEmpty(host.Devices) && isEmpty(host.DeviceRequests) && isEmpty(host.DeviceCgroupRules), 'it would have devices'],
    [isEmpty(host.Binds) && isEmpty(host.VolumesFrom), 'it would have mounts outside the profile'],
    [
      (host.Mounts ?? []).every(
        (mount) => mount.Type === 'bind' && (mount.ReadOnly === true || mount.Target === WRITABLE_TARGET),
      ),
      'a mount would be writable',
    ],
    [(host.Mounts ?? []).every((mount) => ALLOWED_TARGETS.has(mount.Target)), 'a mount point is outside the profile'],
    [Object.keys(host.Tmpfs ?? {}).every((path) => ALLOWED_TMPFS.has(path)), 'a tmpfs is outside the profile'],
    [Object.values(host.Tmpfs ?? {}).every((text: string) => /\bsize=\d+m\b/.test(text)), 'a tmpfs has no size'],
    [(host.Memory ?? 0) > 0 && host.MemorySwap === host.Memory, 'its memory would have no limit'],
    [(host.NanoCpus ?? 0) > 0, 'its cpu would have no limit'],
    [(host.PidsLimit ?? 0) > 0, 'its processes would have no limit'],
    [host.LogConfig?.Type === 'none', 'the engine would keep its output'],
    [isEmpty(options.Env), 'a value would be visible in docker inspect'],
  ];
  return checks.filter(([holds]) => !holds).map(([, otherwise]) => otherwise);
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return value === undefined || value === null || value === '';
}

function isExactly(value: unknown, wanted: string[]): boolean {
  return JSON.stringify(value) === JSON.stringify(wanted);
}
