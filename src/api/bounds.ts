/** What strangers and clients gone wild may take up of one process. */
export interface ApiBounds {
  /** Connections at once; more are closed as they come. */
  connections: number;
  /** How long a client may take to send its headers, and its whole request. Answers may take as long as they like. */
  headersTimeoutMs: number;
  requestTimeoutMs: number;
  /** Answers that go on, at once: in all, and of one key. */
  streams: number;
  streamsPerKey: number;
  /** Calls of one key at once that are not answered, or whose answers are not read. */
  callsPerKey: number;
  /** How long a client may leave an answer that goes on unread before it is cut. */
  unreadMs: number;
  /** Idle timeout of a connection. Answers that go on send heartbeats; those that cannot may be silent for as long as they like. */
  stillMs: number;
  /** How often an answer that goes on says that it is there. Shorter than any proxy's idle timeout. */
  heartbeatMs: number;
}

export const BOUNDS: ApiBounds = {
  connections: 2_000,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  streams: 500,
  streamsPerKey: 100,
  callsPerKey: 64,
  unreadMs: 30_000,
  stillMs: 120_000,
  heartbeatMs: 15_000,
};

/** Node keeps 16 KiB of request line and headers; of these, the URL may have so many bytes. */
export const MAX_URL_BYTES = 8 * 1024;
export const MAX_HEADERS = 100;
