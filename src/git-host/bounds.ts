/** What callers may take up of the host, and how slow they may be. */
export interface HostBounds {
  /** Connections at once; for one more, another gives way. */
  connections: number;
  /** So many of them may wait for their first authorised request before these are the first to give way. */
  strangers: number;
  headersTimeoutMs: number;
  /** Requests of one token at once; the account's are bounded by the connections alone. */
  requestsPerToken: number;
  /** Requests on one connection that are not answered yet. No client of today sends more than one. */
  requestsPerConnection: number;
  /** A body may be slow, but not slower than this in any window, and has to end. */
  body: { minBytesPerSecond: number; windowMs: number; totalMs: number };
  incoming: BodyBudget;
  /** Requests of clones and fetches: they are small and come at once, and no upload keeps them out. */
  fetches: BodyBudget & { totalMs: number };
  /** Of the disk; bodies and writes leave it free. */
  reserveBytes: number;
  /** Of a repo's objects on the disk. */
  repoBytes: number;
  /** All that one token may write. */
  tokenBytes: number;
  /** An answer that is read more slowly than `minBytesPerSecond` in a whole window is cut. */
  reader: {
    minBytesPerSecond: number;
    windowMs: number;
    /** Below this a transfer leaves its place to others and goes on without one. */
    placeBytesPerSecond: number;
    lookEveryMs: number;
    /** Transfers that go on without a place: in all, and of one caller. */
    slow: number;
    slowPerCaller: number;
  };
}

/** Bodies on their way, and bytes of these and of those in use. Above `memoryBytes` in sum, or `memoryBytesPerBody`, they lie on the disk. */
export interface BodyBudget {
  memoryBytes: number;
  memoryBytesPerBody: number;
  diskBytes: number;
  diskBytesPerCaller: number;
  bodies: number;
  bodiesPerCaller: number;
}

const KIB = 1024;
const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

export const HOST_BOUNDS: HostBounds = {
  connections: 1_000,
  // More than the system hands over in one go, so that who has just come gets to say who it is.
  strangers: 600,
  headersTimeoutMs: 10_000,
  requestsPerToken: 64,
  requestsPerConnection: 8,
  body: { minBytesPerSecond: KIB, windowMs: 30_000, totalMs: 60 * 60_000 },
  incoming: {
    memoryBytes: 8 * MIB,
    memoryBytesPerBody: MIB,
    diskBytes: 16 * GIB,
    diskBytesPerCaller: 5 * GIB,
    bodies: 512,
    bodiesPerCaller: 64,
  },
  fetches: {
    memoryBytes: 4 * MIB,
    memoryBytesPerBody: 256 * KIB,
    diskBytes: GIB,
    diskBytesPerCaller: 256 * MIB,
    bodies: 256,
    bodiesPerCaller: 64,
    totalMs: 60_000,
  },
  reserveBytes: GIB,
  repoBytes: 32 * GIB,
  tokenBytes: 16 * GIB,
  reader: {
    minBytesPerSecond: KIB,
    windowMs: 60_000,
    placeBytesPerSecond: MIB,
    lookEveryMs: 1_000,
    slow: 32,
    slowPerCaller: 8,
  },
};
