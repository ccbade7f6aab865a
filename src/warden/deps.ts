import type { ResourceLimits } from '../config.ts';
import type { Logger } from '../ops/log.ts';
import type { EngineApi } from '../runtime/docker/engine-api.ts';
import type { HostFacts } from '../runtime/docker/host-facts.ts';
import type { ConfigDigestOf } from './images/config-digest.ts';
import type { WorkspaceDisks } from './disks/workspace-disks.ts';
import type { Places } from './places/places.ts';

/** What the operations work with; made once, in `startWarden`. */
export interface WardenDeps {
  /** The engine itself. Nobody else reaches it. */
  engine: EngineApi;
  installation: string;
  /** The most that one sandbox may have. */
  limits: ResourceLimits;
  /** Images that sessions may have, as `DAYPASS_IMAGES` names them. */
  images: readonly string[];
  configDigestOf: ConfigDigestOf;
  places: Places;
  disks: WorkspaceDisks;
  /** What workers are told of this host. */
  host: HostFacts;
  log: Logger;
}
