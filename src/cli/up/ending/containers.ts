import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { LABEL } from '../../../runtime/docker/labels.ts';

const POLL_MS = 200;

/** Names of this installation's containers, running or not. */
async function containersOf(docker: Docker, installation: string): Promise<{ id: string; name: string }[]> {
  const found = await docker.listContainers({
    all: true,
    filters: { label: [`${LABEL.installation}=${installation}`] },
  });
  return found.map(({ Id, Names }) => ({ id: Id, name: Names[0]?.replace(/^\//, '') ?? Id }));
}

/** Waits until the worker has removed them all, at most until the signal. */
export async function untilNoContainers(docker: Docker, installation: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && (await containersOf(docker, installation)).length > 0) await sleep(POLL_MS);
}

/** The last resort, when no worker runs any more: removes what is left. Resolves with the names. */
export async function removeContainers(docker: Docker, installation: string): Promise<string[]> {
  const left = await containersOf(docker, installation);
  for (const { id } of left) {
    await docker
      .getContainer(id)
      .remove({ force: true, v: true })
      .catch((error: unknown) => {
        if ((error as { statusCode?: number }).statusCode !== 404) throw error;
      });
  }
  return left.map(({ name }) => name);
}
