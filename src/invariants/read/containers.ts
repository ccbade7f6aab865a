import type Docker from 'dockerode';
import { LABEL } from '../../runtime/docker/labels.ts';
import type { Remains } from '../facts.ts';

/** Containers with this installation's labels, running or not. */
export async function readContainers(docker: Docker, installation: string): Promise<Remains[]> {
  const filters = { label: [`${LABEL.installation}=${installation}`] };
  const found = await docker.listContainers({ all: true, filters });
  return found.map(({ Labels, Names, Id, State }) => ({
    kind: 'container',
    sandboxId: Labels[LABEL.sandbox] ?? '',
    place: `${Names[0]?.slice(1) ?? Id} (${State})`,
    pooled: Labels[LABEL.role] === 'pool',
  }));
}
