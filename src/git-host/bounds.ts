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
  /** Bodies on their way and in use. What is above `memoryBytes` in sum, or above `memoryBytesPerBody`, lies on the disk. */
  incoming: {
    memoryBytes: number;
    memoryBytesPerBody: number;
    diskBytes: number;
    diskBytesPerCaller: number;
    bodies: number;
    bodiesPerCaller: number;
  };
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
    memoryBytes: 16 * MIB,
    memoryBytesPerBody: MIB,
    diskBytes: 16 * GIB,
    diskBytesPerCaller: 5 * GIB,
    bodies: 512,
    bodiesPerCaller: 64,
  },
  reader: {
    minBytesPerSecond: KIB,
    windowMs: 60_000,
    placeBytesPerSecond: MIB,
    lookEveryMs: 1_000,
    slow: 32,
    slowPerCaller: 8,
  },
};
