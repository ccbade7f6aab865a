import type Docker from 'dockerode';
import { ensureSandboxImage } from '../../../images/sandbox-image.ts';
import { ensurePrograms, type InstallDeps } from './install.ts';
import { missingOf, STAND_IN_NEEDS } from './needs.ts';

/** Sees to it that the engine has the sandbox image, and installs what making a base takes only where none can be pulled. */
export async function ensureImage(deps: InstallDeps & { docker: Docker }): Promise<void> {
  const onProgress = (line: string): void => deps.progress.line(`  ${line}`);
  const ensure = async (): Promise<void> => void (await ensureSandboxImage({ docker: deps.docker, onProgress }));
  try {
    await deps.progress.step('sandbox image', ensure);
  } catch (error) {
    const missing = missingOf(STAND_IN_NEEDS, await deps.machine.find(STAND_IN_NEEDS));
    if (missing.length === 0) throw error;
    await ensurePrograms(deps, STAND_IN_NEEDS);
    await deps.progress.step('sandbox image', ensure);
  }
}
