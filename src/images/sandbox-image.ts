import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildImage } from './build-image.ts';
import { BUILD_CONTEXT, BUILD_INPUTS, CONTENT_LABEL, contentOf } from './image-content.ts';
import { localImage } from './local-image.ts';
import { ensureBase, knownBases, type ImageDeps } from './sandbox-base.ts';

/** The image of sessions that name none. */
export const SANDBOX_IMAGE = 'daypass/sandbox';

const DOCKERFILE = 'sandbox.Dockerfile';
/** A step of the build is shown by the beginning of its command. */
const MAX_STEP_CHARACTERS = 100;

export interface SandboxImage {
  image: string;
  /** The engine's id of it, `sha256:…`. */
  id: string;
  /** false: it was there, built from the same files. */
  built: boolean;
}

/**
 * Sees to it that the engine has `daypass/sandbox` as the files of this checkout say. Costs a few ms when it has; a build
 * takes up to two minutes, each step of which is a line to `onProgress`. Safe to call again and from several processes.
 * Throws an error whose message says what is missing, or what the build said last.
 */
export async function ensureSandboxImage(deps: ImageDeps): Promise<SandboxImage> {
  const present = await localImage(deps.docker, SANDBOX_IMAGE);
  const contents = await Promise.all((await knownBases()).map(contentOf));
  if (present !== null && contents.includes(present.labels[CONTENT_LABEL] ?? '')) {
    return { image: SANDBOX_IMAGE, id: present.id, built: false };
  }
  const base = await ensureBase(deps);
  await build(deps, base);
  const built = await localImage(deps.docker, SANDBOX_IMAGE);
  if (built === null) throw new Error(`${SANDBOX_IMAGE} was built, and yet the engine does not have it`);
  return { image: SANDBOX_IMAGE, id: built.id, built: true };
}

async function build({ docker, onProgress }: ImageDeps, base: string): Promise<void> {
  await buildImage(docker, {
    name: SANDBOX_IMAGE,
    dockerfile: { path: DOCKERFILE, text: await readFile(join(BUILD_CONTEXT, DOCKERFILE), 'utf8') },
    context: async () => ({ files: { context: BUILD_CONTEXT, src: BUILD_INPUTS } }),
    buildargs: { BASE: base },
    labels: { [CONTENT_LABEL]: await contentOf(base) },
    onLine: (line) => {
      if (line.startsWith('Step ')) onProgress(line.slice(0, MAX_STEP_CHARACTERS));
    },
  });
}
