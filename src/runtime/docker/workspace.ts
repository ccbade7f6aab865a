import { z } from 'zod';

/** What a sandbox's `/workspace` is, as the warden says it: a file system of its own, or the engine's tmpfs. */
export const workspace = z.discriminatedUnion('kind', [
  /** `source`: where on the host it is mounted; absolute. */
  z.object({ kind: z.literal('disk'), source: z.string() }),
  z.object({ kind: z.literal('tmpfs') }),
]);

export type Workspace = z.infer<typeof workspace>;

/** How the workspaces of a host are made, and why not the better way. */
export const diskWay = z.discriminatedUnion('way', [
  z.object({ way: z.literal('ext4') }),
  z.object({ way: z.literal('tmpfs'), because: z.string() }),
]);

export type DiskWay = z.infer<typeof diskWay>;

/** How an operator may want them made; `auto`: as disks where that works. */
export const DISK_WAYS = ['auto', 'ext4', 'tmpfs'] as const;
