import { chmod, lstat, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type Docker from 'dockerode';
import { nanoid } from 'nanoid';
import { describe } from '../../errors.ts';
import { runToEnd } from '../../images/child-process.ts';
import { localImage } from '../../images/local-image.ts';
import { engineStatus } from '../../runtime/docker/engine-error.ts';
import { contentHash } from '../tools/content-hash.ts';
import { ALTERED, TEMPORARY } from '../tools/remove-unused.ts';

/** Where an image has the tools, and where every sandbox gets them mounted. */
const TOOLS_PATH = '/opt/daypass';
/** Where the container that the tools are copied out of has `toDir` mounted; it never runs. */
const TRIAL_PATH = '/run/daypass-trial';
const WRITABLE = 0o222;
const BAD_REQUEST = 400;

/**
 * Copies the tools out of the image into `toDir/<SHA-256 of what they are>` and returns that directory. What is there already
 * stays, since sandboxes have it mounted; what is not as its name says makes room. Safe to call again and from several
 * processes at once. Throws where the engine does not see `toDir`: then it is not an engine of this machine.
 */
export async function extractTools(options: { docker: Docker; image: string; toDir: string }): Promise<string> {
  const { docker, image, toDir } = options;
  const present = await localImage(docker, image);
  if (present === null) throw new Error(`The engine has no image ${image} to take the sandboxes' tools from`);
  const temporary = await mkdtemp(join(toDir, TEMPORARY));
  try {
    await copyOut(docker, present.id, temporary);
    const extracted = join(temporary, basename(TOOLS_PATH));
    await makeFilesReadOnly(extracted);
    const directory = join(toDir, await contentHash(extracted));
    const there = await contentOf(directory);
    if (there === basename(directory)) return directory;
    if (there !== null) await setAside(directory);
    await rename(extracted, directory).catch(async (error: unknown) => {
      if ((await contentOf(directory)) !== basename(directory)) throw error;
    });
    return directory;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** From a container that never runs, so nothing of the image is executed. */
async function copyOut(docker: Docker, image: string, into: string): Promise<void> {
  const Mounts = [{ Type: 'bind' as const, Source: into, Target: TRIAL_PATH, ReadOnly: true }];
  const wanted = { Image: image, Cmd: ['none'], NetworkDisabled: true, HostConfig: { Mounts } };
  const container = await docker.createContainer(wanted).catch((error: unknown) => {
    throw engineStatus(error) === BAD_REQUEST ? notShared(into, error) : error;
  });
  try {
    const archive = await container.getArchive({ path: TOOLS_PATH });
    await runToEnd('tar', ['-xp', '--no-same-owner', '-C', into], { input: archive });
  } finally {
    await container.remove({ force: true, v: true });
  }
}

/** The engine looks for the source of a mount before it makes a container, and answers 400 where there is none. */
function notShared(dir: string, cause: unknown): Error {
  const advice =
    'Sandboxes get directories of this machine, so the engine must run here and see the same files under the same paths. ' +
    'Point DOCKER_HOST at such an engine; in a container, mount DAYPASS_TOOLS_DIR under the path that it has on the host.';
  return new Error(`The Docker engine cannot mount ${dir} (${describe(cause)}). ${advice}`, { cause });
}

/** The directories stay as they are, so that their owner can remove them. */
async function makeFilesReadOnly(dir: string): Promise<void> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name);
    await chmod(path, (await lstat(path)).mode & ~WRITABLE);
  }
}

/** null: there is nothing. */
async function contentOf(directory: string): Promise<string | null> {
  return contentHash(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
}

/** A machine that lost its power leaves files empty, say. Whatever is mounted from there stays mounted. */
async function setAside(directory: string): Promise<void> {
  const aside = join(directory, '..', `${ALTERED}${basename(directory)}-${nanoid(6)}`);
  await rename(directory, aside).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}
