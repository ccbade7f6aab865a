/** Where a client wants to go. */
export interface Target {
  /** Lower case; an IPv6 address without brackets. */
  host: string;
  port: number;
}

/** Reads `HOST:PORT` as CONNECT has it (RFC 9110, 9.3.6); null when it is something else. */
export function parseTarget(authority: string): Target | null {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+)):(\d{1,5})$/i.exec(authority) ?? [];
  const host = (bracketed ?? plain)?.toLowerCase();
  const number = Number(port);
  if (host === undefined || number < 1 || number > 65_535) return null;
  return { host, port: number };
}

export function formatTarget({ host, port }: Target): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
