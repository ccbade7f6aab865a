import { realpath } from 'node:fs/promises';
import type Docker from 'dockerode';
import { makeDir } from '../../ops/shared-dir.ts';
import type { EngineApi } from '../../runtime/docker/engine-api.ts';
import { extractTools } from '../images/extract-tools.ts';
import { requireOwnDirectory } from '../places/own-directory.ts';
import { removeUnused } from './remove-unused.ts';
import { requireExecMount, runInitOnce } from './require-exec.ts';

/**
 * Puts the tools that every sandbox is started with into a directory below `dir`, sees that they run from there, and removes
 * those that nobody uses any more. Resolves with the directory. Throws with what to do where programs may not run there, where
 * somebody else could change them, or where the engine does not see them.
 */
export async function openTools(options: {
  dir: string;
  image: string;
  docker: Docker;
  engine: EngineApi;
}): Promise<string> {
  const { image, docker, engine } = options;
  await makeDir(options.dir, 0o755);
  const dir = await realpath(options.dir);
  // Whoever could write here would decide what every sandbox runs first.
  await requireOwnDirectory(dir);
  await requireExecMount(dir);
  const tools = await extractTools({ docker, image, toDir: dir });
  await runInitOnce(tools);
  await removeUnused(dir, tools, engine);
  return tools;
}
