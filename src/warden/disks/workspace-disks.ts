import type { DiskWay, Workspace } from '../../runtime/docker/workspace.ts';

/**
 * Where the workspaces of this host's sandboxes come from: a file system of their own each, whose size is the limit, or
 * the engine's tmpfs where that cannot be had.
 *
 * Order for one sandbox: `promise` → its container is created → `whenMade` → it starts → `handOver` → it ends → `remove`.
 * All are safe to repeat, and calls for different sandboxes may run side by side. They throw `WardenRefusal`, with the code
 * `host_disk_full` when the host could not hold what would be promised.
 */
export interface WorkspaceDisks {
  readonly way: DiskWay;
  /** What a sandbox may have mounted as its workspace; null where that is to be a tmpfs. */
  sourceOf(sandboxId: string): string | null;
  /**
   * Answers what the sandbox's container is to mount, once the host's room for it is set aside. The disk itself is made
   * behind the answer, while the engine creates the container. For one that is there already it answers the same again.
   */
  promise(sandboxId: string, sizeMb: number): Promise<Workspace>;
  /** Whether a container may be created with it. */
  isPromised(sandboxId: string): Promise<boolean>;
  /** Resolves when it is made and mounted, for its container to be started; rejects when it is not going to be. */
  whenMade(sandboxId: string): Promise<void>;
  /**
   * The container has it mounted: the host need not see it any more. From then on it is nobody else's, and the kernel ends
   * it with the container, whoever is there to see to it. A view of the mounts that some other process takes for itself
   * would hold it for as long as that process lives.
   */
  handOver(sandboxId: string): Promise<void>;
  /** Resolves when nothing of it is left: no mount, no loop device, no file. Only when its container is gone. */
  remove(sandboxId: string): Promise<void>;
  /** Sandboxes of which something is there, also a disk that was only half made or half removed. */
  list(): Promise<string[]>;
}
