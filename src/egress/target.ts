import { isIP } from 'node:net';

/** Where a client wants to go. */
export interface Target {
  /** Lower case; an IPv6 address without brackets. */
  host: string;
  port: number;
}

const MAX_HOST_CHARACTERS = 253;
/** Labels of a sane name are shorter; a longer one may be a secret that somebody tries to carry out by DNS. */
const MAX_SHOWN_LABEL = 24;
const SHOWN_OF_LONG_LABEL = 4;

/** Reads `HOST:PORT` as CONNECT has it (RFC 9110, 9.3.6); null when it is something else. */
export function parseTarget(authority: string): Target | null {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+)):(\d{1,5})$/i.exec(authority) ?? [];
  const host = (bracketed ?? plain)?.toLowerCase();
  const number = Number(port);
  if (host === undefined || host.length > MAX_HOST_CHARACTERS || number < 1 || number > 65_535) return null;
  return { host, port: number };
}

export function formatTarget({ host, port }: Target): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A host name that a sandbox gave, fit to be written down: bounded, in plain letters, and without what may be a secret. */
export function shownHost(host: string): string {
  if (isIP(host) !== 0) return host;
  const plain = host.slice(0, MAX_HOST_CHARACTERS).replaceAll(/[^\w.:-]/g, '?');
  const labels = plain.split('.').map((label) => {
    return label.length > MAX_SHOWN_LABEL ? `${label.slice(0, SHOWN_OF_LONG_LABEL)}(${label.length})` : label;
  });
  return labels.join('.');
}

/** The Host header of a plain HTTP request to the target. */
export function hostHeader(target: Target): string {
  return target.port === 80 ? formatTarget(target).replace(/:80$/, '') : formatTarget(target);
}

/**
 * Where a request goes by its request target (RFC 9112, 3.2): `/path` to where its tunnel leads, or to the gateway itself;
 * `http://host/path` to that host. null when it is neither, or names a user.
 */
export function readRequestTarget(
  requestTarget: string,
  tunnelledTo: Target | null,
): { target: Target | null; path: string } | null {
  if (requestTarget.startsWith('/')) return { target: tunnelledTo, path: requestTarget };
  const url = URL.parse(requestTarget);
  if (url?.protocol !== 'http:' || url.username !== '' || url.password !== '') return null;
  const target = parseTarget(`${url.hostname}:${url.port || '80'}`);
  return target === null ? null : { target, path: `${url.pathname}${url.search}` };
}
