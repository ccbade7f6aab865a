/**
 * Which repo host a base URL names: scheme, host and port. On the loopback interface just that: what listens there is
 * this machine's own, and its port may be another one at each start.
 */
export function hostOf(baseUrl: string): string {
  const { origin, hostname } = new URL(baseUrl);
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname) ? 'loopback' : origin;
}
