/** The repo host as a sandbox reaches it: same address inside as outside. */
export interface RepoHost {
  host: string;
  port: number;
  /** Where init listens for it inside the sandbox: its own address if that is a loopback one, else one of its own. */
  listenAddress: string;
}

const NAMED_HOST_ADDRESS = '127.0.1.1';

/**
 * Reads an origin such as `http://127.0.0.1:7080`. Throws where a sandbox could not give the same address to its
 * programs: only a name, or an IPv4 loopback address, can be listened on inside a sandbox without a network.
 */
export function repoHostOf(origin: string): RepoHost {
  const { hostname: host, port, protocol } = new URL(origin);
  const portNumber = Number(port || (protocol === 'https:' ? 443 : 80));
  if (/^127(\.\d+){3}$/.test(host)) return { host, port: portNumber, listenAddress: host };
  // By whatever is below localhost, curl, git and browsers mean 127.0.0.1 and ask nobody (RFC 6761).
  if (/(^|\.)localhost$/.test(host)) return { host, port: portNumber, listenAddress: '127.0.0.1' };
  if (/^[\d.]+$|^\[/.test(host)) {
    throw new Error(
      `The repo host must be a name or a 127.x.x.x address, not ${host}; give it a name in /etc/hosts or DNS`,
    );
  }
  return { host, port: portNumber, listenAddress: NAMED_HOST_ADDRESS };
}
