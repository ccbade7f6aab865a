import type Docker from 'dockerode';
import { engineStatus } from '../runtime/docker/engine-error.ts';

/** The image that lost its name would stay on the engine for good. One that a container still uses is left alone. */
export async function removeReplaced(docker: Docker, id: string): Promise<void> {
  await docker
    .getImage(id)
    .remove()
    .catch((error: unknown) => {
      if (![404, 409].includes(engineStatus(error) ?? 0)) throw error;
    });
}
