import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildImage } from './build-image.ts';
import { run } from './child-process.ts';
import { ensureBase, type ImageDeps } from './sandbox-base.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const DOCKERFILE = 'docker/service.Dockerfile';
/** What `.dockerignore` lets through. */
const INPUTS = ['package.json', 'package-lock.json', 'tsconfig.json', '.npmrc', 'LICENSE', 'docker', 'src', 'workers'];

/** The image of all roles as the tests build it, beside one that an operator may have. */
export const TESTED_SERVICE_IMAGE = 'daypass-test/service';

/**
 * Builds the image of all roles from the files of this checkout. What did not change comes from the engine's cache: then it
 * takes a few seconds. `authorities` is a PEM file that npm is to trust while it builds, as `NODE_EXTRA_CA_CERTS` names one.
 */
export async function buildServiceImage(deps: ImageDeps & { authorities: string | undefined }): Promise<void> {
  const { docker, onProgress } = deps;
  const base = await ensureBase(deps);
  const dir = await mkdtemp(join(tmpdir(), 'daypass-service-'));
  try {
    if (deps.authorities) await copyFile(deps.authorities, join(dir, 'ca.crt'));
    await buildImage(docker, {
      name: TESTED_SERVICE_IMAGE,
      dockerfile: { path: DOCKERFILE, text: await readFile(join(ROOT, DOCKERFILE), 'utf8') },
      context: async () => {
        const { stdout, ended } = await run('tar', ['-c', '-C', ROOT, ...INPUTS, '-C', dir, '.']);
        return { files: stdout, sent: ended };
      },
      buildargs: { BASE: base },
      onLine: (line) => {
        if (line.startsWith('Step ')) onProgress(line.slice(0, 100));
      },
    });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
