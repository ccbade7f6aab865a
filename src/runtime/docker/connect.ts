import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Docker from 'dockerode';
import { CERT_FILES } from './cert-files.ts';

/** Where an engine listens, as `node:http` takes it; with `tls`, as `node:https` does. */
export type EngineAddress = { socketPath: string } | { host: string; port: number; tls: EngineTls | null };

/** PEM: who may have signed the engine's certificate, and what we show to it. */
export interface EngineTls {
  ca: Buffer;
  cert: Buffer;
  key: Buffer;
}

const UNIX = 'unix://';

/**
 * Of the engine at `DOCKER_HOST`, or of the default socket. `certDir` has the files of a TLS connection, which is for tcp://
 * alone; null: there is none.
 */
export function engineAddress(dockerHost: string | undefined, certDir: string | null = null): EngineAddress {
  if (dockerHost === undefined || dockerHost === '') return { socketPath: '/var/run/docker.sock' };
  // As it stands: a URL would write blanks in another way.
  if (dockerHost.startsWith(UNIX)) return { socketPath: dockerHost.slice(UNIX.length) };
  const url = new URL(dockerHost);
  const tls = certDir === null ? null : readTls(certDir);
  // A URL has an IPv6 address in brackets, which is no name of a host.
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return { host, port: Number(url.port || (tls === null ? 2375 : 2376)), tls };
}

/** The engine at `DOCKER_HOST`, or at the default socket. */
export function connectDocker(dockerHost: string | undefined, certDir: string | null = null): Docker {
  const address = engineAddress(dockerHost, certDir);
  if (!('host' in address)) return new Docker(address);
  const { host, port, tls } = address;
  return new Docker({ host, port, ...(tls === null ? { protocol: 'http' } : { protocol: 'https', ...tls }) });
}

function readTls(dir: string): EngineTls {
  const read = (name: string): Buffer => readFileSync(join(dir, name));
  return { ca: read(CERT_FILES.ca), cert: read(CERT_FILES.cert), key: read(CERT_FILES.key) };
}
