import type { SessionResources } from '../session/record.ts';

/**
 * A sandbox as Daypass thinks of it: what differs from session to session. Everything that is the same for all (no
 * capabilities, no network, read-only root, …) is in `docker/container-spec.ts` and not up for discussion.
 */
export interface SandboxSpec {
  /** `sbx_` + nanoid; also the container's name and the value of its `daypass.sandbox` label. */
  sandboxId: string;
  sessionId: string;
  /** The ledger's intent, so that the container alone tells which token it was given. */
  tokenId: string;
  image: string;
  resources: SessionResources;
  mounts: SandboxMounts;
}

/** Directories and files of the host that every sandbox gets. Absolute paths. */
export interface SandboxMounts {
  /** Init and its helpers, mounted at /opt/daypass. */
  toolsDir: string;
  /** Holds `gateway.sock`, the only way out; mounted at /run/daypass. */
  gatewayDir: string;
  /** An engine without a network mounts no hosts file and no resolv.conf; these are ours. */
  hostsFile: string;
  resolvFile: string;
}
