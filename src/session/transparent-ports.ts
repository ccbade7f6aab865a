import { parseNetworkRule } from './network-rule.ts';

/** Where a refused connection should be seen and told, too. */
const WEB_PORTS = [443, 80];

/** Ports on which connections to names are taken in a sandbox, by its `network.allow`; each once. */
export function transparentPorts(allow: readonly string[]): number[] {
  return [...new Set([...WEB_PORTS, ...allow.map((rule) => parseNetworkRule(rule).port)])];
}
