import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './child-process.ts';
import { followEngine } from './engine-stream.ts';
import { localImage } from './local-image.ts';
import { removeReplaced } from './remove-replaced.ts';
import { ensureBase, type ImageDeps } from './sandbox-base.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
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
  const former = await localImage(docker, TESTED_SERVICE_IMAGE);
  const base = await ensureBase(deps);
  const dir = await mkdtemp(join(tmpdir(), 'daypass-service-'));
  try {
    if (deps.authorities) await copyFile(deps.authorities, join(dir, 'ca.crt'));
    const context = await run('tar', ['-c', '-C', ROOT, ...INPUTS, '-C', dir, '.']);
    const source = await docker.buildImage(context.stdout, {
      dockerfile: 'docker/service.Dockerfile',
      t: TESTED_SERVICE_IMAGE,
      buildargs: { BASE: base },
      rm: true,
      forcerm: true,
    });
    await followEngine(source, {
      doing: `Building ${TESTED_SERVICE_IMAGE}`,
      onLine: (line) => {
        if (line.startsWith('Step ')) onProgress(line.slice(0, 100));
      },
    });
    await context.ended;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
  const built = await localImage(docker, TESTED_SERVICE_IMAGE);
  if (former !== null && former.id !== built?.id) await removeReplaced(docker, former.id);
}
