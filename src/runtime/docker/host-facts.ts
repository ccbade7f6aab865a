import { z } from 'zod';
import { diskWay } from './workspace.ts';

/** The most that one sandbox can have on a host. */
export const hostCapacity = z.object({ cpus: z.number(), memoryMb: z.number(), diskMb: z.number() });

export type HostCapacity = z.infer<typeof hostCapacity>;

/** What a warden tells workers of their host: where the things lie that sandboxes get. Absolute, without symbolic links. */
export const hostFacts = z.object({
  /** The engine's own name for itself. */
  engineId: z.string(),
  /** Below it each sandbox has its way out. */
  runDir: z.string(),
  /** Each sandbox's init has a directory in it. */
  memoryDir: z.string(),
  /** Init and its helpers. */
  toolsDir: z.string(),
  hostsFile: z.string(),
  resolvFile: z.string(),
  /** The runtime that sandboxes are to name; null: the engine's default. */
  runtime: z.string().nullable(),
  /** Whether sandboxes get `::1`. */
  ipv6Loopback: z.boolean().default(false),
  /** How workspaces are made. */
  disks: diskWay,
  capacity: hostCapacity,
});

export type HostFacts = z.infer<typeof hostFacts>;
