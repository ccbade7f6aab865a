import type Docker from 'dockerode';
import { ensureSandboxImage } from '../../../images/sandbox-image.ts';
import { buildServiceImage } from '../../../images/service-image.ts';
import { ensureProgramsInStep, type InstallDeps } from './install.ts';
import { STAND_IN_NEEDS } from './needs.ts';

/** Sees to it that the engine has the sandbox image, and installs what making a base takes only where none can be pulled. */
export async function ensureImage(deps: InstallDeps & { docker: Docker }): Promise<void> {
  const { docker, progress } = deps;
  await progress.step('sandbox image', async () => {
    await ensureSandboxImage({
      docker,
      onProgress: (line) => progress.line(`  ${line}`),
      beforeStandIn: () => ensureProgramsInStep(deps, STAND_IN_NEEDS),
    });
  });
}

/** The image of all roles, for the tests of the compose file. */
export async function buildTestedServiceImage(deps: InstallDeps & { docker: Docker }): Promise<void> {
  const { docker, progress, machine } = deps;
  await progress.step('service image', () =>
    buildServiceImage({
      docker,
      authorities: machine.env['NODE_EXTRA_CA_CERTS'],
      onProgress: (line) => progress.line(`  ${line}`),
    }),
  );
}
