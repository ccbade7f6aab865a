import Docker from 'dockerode';

/** The engine at `DOCKER_HOST`, or at the default socket. */
export function connectDocker(dockerHost: string | undefined): Docker {
  if (dockerHost === undefined || dockerHost === '') return new Docker({ socketPath: '/var/run/docker.sock' });
  const url = new URL(dockerHost);
  if (url.protocol === 'unix:') return new Docker({ socketPath: url.pathname });
  return new Docker({ host: url.hostname, port: Number(url.port || 2375), protocol: 'http' });
}
