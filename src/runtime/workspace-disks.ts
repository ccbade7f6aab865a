/** What a sandbox's `/workspace` is. */
export type Workspace =
  | {
      kind: 'disk';
      /** Directory of the host where its own file system is mounted, as the engine sees it; absolute. */
      source: string;
    }
  | { kind: 'tmpfs' };

/** How the workspaces of a host are made, and why not the better way. */
export type DiskWay = { way: 'ext4' } | { way: 'tmpfs'; because: string };

/**
 * Where the workspaces of this host's sandboxes come from: a file system of their own each, whose size is the limit, or
 * the engine's tmpfs where that cannot be had.
 *
 * Order for one sandbox: `make` → its container → `remove`. Both are safe to repeat, and calls for different sandboxes may
 * run side by side. All throw `SessionError`: `host_disk_full` when the host could not hold what would be promised,
 * `sandbox_failed` when it could not be done, `engine_unavailable` when nobody answers.
 */
export interface WorkspaceDisks {
  way(): Promise<DiskWay>;
  /** For one that is there already it answers the same again. */
  make(sandboxId: string, sizeMb: number): Promise<Workspace>;
  /** Resolves when nothing of it is left: no mount, no loop device, no file. Only when its container is gone. */
  remove(sandboxId: string): Promise<void>;
  /** Sandboxes of which something is there, also a disk that was only half made or half removed. */
  list(): Promise<string[]>;
}
