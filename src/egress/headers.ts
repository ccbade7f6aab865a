import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { formatTarget, hostHeader, type Target } from './target.ts';

/** Headers that concern one connection and not the message (RFC 9110, 7.6.1), and those meant for a proxy. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Why it is not beyond doubt where a request's body ends (RFC 9112, 6.3); null when it is. Two servers that read it in two
 * ways see different requests behind it.
 */
export function framingProblem({ rawHeaders, headers }: IncomingMessage): string | null {
  const coding = headers['transfer-encoding'];
  if (countOf(rawHeaders, 'transfer-encoding') > 1 || (coding !== undefined && coding.toLowerCase() !== 'chunked'))
    return 'Transfer-Encoding may be "chunked" and nothing else';
  const lengths = countOf(rawHeaders, 'content-length');
  if (lengths > 1 || (lengths === 1 && coding !== undefined))
    return 'there is more than one Content-Length, or one beside Transfer-Encoding';
  return null;
}

/** Why the Host header does not name the target; null when it does. Without a port it is good for any. */
export function hostProblem({ rawHeaders, headers }: IncomingMessage, target: Target): string | null {
  if (countOf(rawHeaders, 'host') !== 1) return 'it needs one Host header';
  const host = headers.host?.toLowerCase();
  return host === target.host || host === formatTarget(target) ? null : 'its Host header names another host';
}

/**
 * What goes on to the target. The framing is chosen anew: as the client's, as for methods such as GET it is only sent when
 * asked for. A client that waits for a 100 has had it from here.
 */
export function requestHeaders({ headers }: IncomingMessage, target: Target): OutgoingHttpHeaders {
  const { host: _host, expect: _expect, ...endToEnd } = endToEndHeaders(headers);
  const { 'transfer-encoding': coding, 'content-length': length } = headers;
  // Also a length that Connection names: without it the body would be another request.
  const framing =
    coding !== undefined ? { 'transfer-encoding': 'chunked' } : length !== undefined && { 'content-length': length };
  return { ...endToEnd, ...framing, host: hostHeader(target), connection: 'close' };
}

/** What goes back to the client. A length beside chunks is wrong, and the chunks count (RFC 9112, 6.3). */
export function responseHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const { 'content-length': length, ...rest } = endToEndHeaders(headers);
  const isChunked = headers['transfer-encoding'] !== undefined;
  return length === undefined || isChunked ? rest : { ...rest, 'content-length': length };
}

function endToEndHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name) && !named.includes(name)));
}

/** About how many bytes a request's head takes. */
export function headBytes({ url = '', rawHeaders }: IncomingMessage): number {
  return rawHeaders.reduce((sum, text) => sum + text.length, url.length);
}

function countOf(rawHeaders: string[], name: string): number {
  return rawHeaders.filter((header, i) => i % 2 === 0 && header.toLowerCase() === name).length;
}
