import { gzipSync } from 'node:zlib';
import { FLUSH, packet } from '../../../src/egress/git/pkt-line.ts';

/** A request of HTTP as it goes over the wire; a body has its length said. */
export function http(
  line: string,
  { headers = {}, body }: { headers?: Record<string, string>; body?: Buffer | string | object } = {},
): Buffer {
  const bytes = Buffer.isBuffer(body)
    ? body
    : Buffer.from(typeof body === 'object' ? JSON.stringify(body) : (body ?? ''));
  const all = {
    host: 'fuzz.test',
    ...(body !== undefined && { 'content-type': 'application/json', 'content-length': String(bytes.length) }),
    ...headers,
  };
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`${line} HTTP/1.1\r\n${head.join('')}\r\n`), bytes]);
}

/** What git's own clients send for one repo; `to` says where, and with what headers. */
export interface GitPlace {
  /** Before `/info/refs`: a path, or a whole URL for a proxy. */
  repo: string;
  headers: Record<string, string>;
  /** The newest commit and the one before. */
  head: string;
  former: string;
  /** Where this client may push, such as `refs/heads/agent/ses_1/`. */
  branches: string;
}

const ZERO = '0'.repeat(40);
/** A pack without objects, as git sends it for commits that the host has. */
const EMPTY_PACK = Buffer.from('5041434b0000000200000000029d08823bd8a8eab510ad6ac75c823cfd3ed31e', 'hex');

/** One of each kind of git's requests over smart HTTP: fetches whole, packed and in pieces, pushes of each outcome. */
export function gitRequests({ repo, headers, head, former, branches }: GitPlace): Buffer[] {
  const post = (service: string, body: Buffer, more: Record<string, string> = {}): Buffer =>
    http(`POST ${repo}/git-${service}`, {
      headers: { ...headers, 'content-type': `application/x-git-${service}-request`, ...more },
      body,
    });
  const chunked = (service: string, body: Buffer): Buffer => {
    const start = http(`POST ${repo}/git-${service}`, {
      headers: {
        ...headers,
        'content-type': `application/x-git-${service}-request`,
        'transfer-encoding': 'chunked',
      },
    });
    const pieces = [body.subarray(0, 40), body.subarray(40)];
    const chunks = pieces.map((piece) => Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, CRLF]));
    return Buffer.concat([start, ...chunks, Buffer.from('0\r\n\r\n')]);
  };
  const fetchAll = Buffer.concat([packet(`want ${head} side-band-64k ofs-delta\n`), FLUSH, packet('done\n')]);
  const push = (from: string, to: string, ref: string): Buffer =>
    Buffer.concat([packet(`${from} ${to} ${ref}\0report-status side-band-64k`), FLUSH, EMPTY_PACK]);
  return [
    http(`GET ${repo}/info/refs?service=git-upload-pack`, { headers: { ...headers, 'git-protocol': 'version=2' } }),
    http(`GET ${repo}/info/refs?service=git-receive-pack`, { headers }),
    post('upload-pack', fetchAll),
    post('upload-pack', gzipSync(fetchAll), { 'content-encoding': 'gzip' }),
    chunked('upload-pack', fetchAll),
    post('receive-pack', push(ZERO, head, `${branches}new`)),
    post('receive-pack', push(former, head, `${branches}moved`)),
    post('receive-pack', push(head, former, 'refs/heads/main')),
    chunked('receive-pack', push(former, head, `${branches}moved`)),
  ];
}

const CRLF = Buffer.from('\r\n');
