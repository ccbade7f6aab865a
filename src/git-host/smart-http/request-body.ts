import type { IncomingMessage } from 'node:http';
import type { Writable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { HostError } from '../http/host-error.ts';

/**
 * Streams the request's body into git, unpacked where git packed it (it does so for long lists of commits). When git stops
 * reading, the rest is read and dropped, so that the client gets to read the answer. `broken` is called when the body is no
 * whole gzip stream: what git has read of it is not what was sent.
 */
export function feedGit(req: IncomingMessage, stdin: Writable, broken: (error: HostError) => void): void {
  let source: NodeJS.ReadableStream = req;
  if (isGzip(encodingOf(req))) {
    const gunzip = createGunzip();
    gunzip.once('error', (cause) => broken(new HostError('bad_value', 'the body is not valid gzip', { cause })));
    source = req.pipe(gunzip);
  }
  source.pipe(stdin);
  stdin.once('close', () => {
    req.unpipe();
    req.resume();
  });
}

/** Throws `unsupported_media_type` unless the body is what git sends to this service. */
export function checkBodyType(req: IncomingMessage, contentType: string): void {
  if (req.headers['content-type'] !== contentType) {
    throw new HostError('unsupported_media_type', `the body must be ${contentType}`);
  }
  const encoding = encodingOf(req);
  if (encoding !== 'identity' && !isGzip(encoding)) {
    throw new HostError('unsupported_media_type', 'the body may be plain or gzip');
  }
}

function encodingOf(req: IncomingMessage): string {
  return req.headers['content-encoding'] ?? 'identity';
}

function isGzip(encoding: string): boolean {
  return encoding === 'gzip' || encoding === 'x-gzip';
}
