import type { WardenDeps } from '../deps.ts';

/** What a sandbox gets mounted from its host: each target has exactly one source, the sandbox's own or the host's one. */
export function expectedMounts(
  sandboxId: string,
  { host, places, disks }: Pick<WardenDeps, 'host' | 'places' | 'disks'>,
) {
  const workspace = disks.sourceOf(sandboxId);
  return {
    '/opt/daypass': { source: host.toolsDir, readOnly: true },
    '/run/daypass': { source: places.gatewayDirOf(sandboxId), readOnly: true },
    '/etc/hosts': { source: host.hostsFile, readOnly: true },
    '/etc/resolv.conf': { source: host.resolvFile, readOnly: true },
    // Init closes it to the agent before the agent starts.
    '/run/daypass-init': { source: places.initDirOf(sandboxId), readOnly: false },
    ...(workspace !== null && { '/workspace': { source: workspace, readOnly: false } }),
  } as const;
}

/** What is in memory, with its options; the sizes are the request's. */
export const TMPFS = {
  '/workspace': /^rw,nosuid,nodev,exec,size=([1-9]\d{0,6})m,mode=0755,uid=1000,gid=1000$/,
  '/home/agent': /^rw,nosuid,nodev,exec,size=([1-9]\d{0,6})m,mode=0755,uid=1000,gid=1000$/,
  '/tmp': /^rw,nosuid,nodev,exec,size=([1-9]\d{0,6})m,mode=1777$/,
} as const;

/** Every place of a sandbox that is not the image's. */
export const MOUNT_POINTS = [
  '/opt/daypass',
  '/run/daypass',
  '/run/daypass-init',
  '/etc/hosts',
  '/etc/resolv.conf',
  ...Object.keys(TMPFS),
];
