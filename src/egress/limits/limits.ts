/** What one sandbox may have of the gateway; settings of the operator. */
export interface GatewayLimits {
  /** At once. */
  connections: number;
  /** New ones; four seconds' worth may come at once. */
  connectionsPerSecond: number;
  /** In a session's life, to all hosts but the repo host. */
  sentBytes: number;
  receivedBytes: number;
  /** In each direction. */
  bytesPerSecond: number;
}

const MIB = 1024 * 1024;

export const DEFAULT_LIMITS: GatewayLimits = {
  connections: 256,
  connectionsPerSecond: 50,
  sentBytes: 10_240 * MIB,
  receivedBytes: 51_200 * MIB,
  bytesPerSecond: 64 * MIB,
};
