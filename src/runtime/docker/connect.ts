import Docker from 'dockerode';

/** Where an engine listens, as `node:http` takes it. */
export type EngineAddress = { socketPath: string } | { host: string; port: number };

/** Of the engine at `DOCKER_HOST`, or of the default socket. */
export function engineAddress(dockerHost: string | undefined): EngineAddress {
  if (dockerHost === undefined || dockerHost === '') return { socketPath: '/var/run/docker.sock' };
  const url = new URL(dockerHost);
  if (url.protocol === 'unix:') return { socketPath: url.pathname };
  return { host: url.hostname, port: Number(url.port || 2375) };
}

/** The engine at `DOCKER_HOST`, or at the default socket. */
export function connectDocker(dockerHost: string | undefined): Docker {
  const address = engineAddress(dockerHost);
  return new Docker('host' in address ? { ...address, protocol: 'http' } : address);
}
