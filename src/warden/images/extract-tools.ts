import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { runToEnd } from '../../images/child-process.ts';
import { CONTENT_LABEL } from '../../images/image-content.ts';
import { localImage } from '../../images/local-image.ts';

/** Where an image has the tools, and where every sandbox gets them mounted. */
const TOOLS_PATH = '/opt/daypass';

/**
 * Copies the tools out of the image into `toDir/<content of the image>` and returns that directory. What is there is
 * left as it is: sandboxes have it mounted. Safe to call again and from several processes at once.
 */
export async function extractTools(options: { docker: Docker; image: string; toDir: string }): Promise<string> {
  const { docker, image, toDir } = options;
  const present = await localImage(docker, image);
  if (present === null) throw new Error(`The engine has no image ${image} to take the sandboxes' tools from`);
  const directory = join(toDir, present.labels[CONTENT_LABEL] ?? present.id.replace('sha256:', ''));
  if (await exists(directory)) return directory;
  await mkdir(toDir, { recursive: true });
  const temporary = await mkdtemp(join(toDir, '.tools-'));
  try {
    await copyOut(docker, present.id, temporary);
    await rename(join(temporary, 'daypass'), directory).catch(async (error: unknown) => {
      if (!(await exists(directory))) throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return directory;
}

/** From a container that never runs, so nothing of the image is executed. */
async function copyOut(docker: Docker, image: string, into: string): Promise<void> {
  const container = await docker.createContainer({ Image: image, Cmd: ['none'], NetworkDisabled: true });
  try {
    const archive = await container.getArchive({ path: TOOLS_PATH });
    await runToEnd('tar', ['-xp', '--no-same-owner', '-C', into], { input: archive });
  } finally {
    await container.remove({ force: true, v: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
