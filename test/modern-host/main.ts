import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createProgress } from '../../src/cli/up/progress.ts';
import { ensureCompose } from '../../src/cli/up/setup/compose.ts';
import { ensurePrograms } from '../../src/cli/up/setup/install.ts';
import { buildTestedServiceImage } from '../../src/cli/up/setup/image.ts';
import { lookAtMachine } from '../../src/cli/up/setup/machine.ts';
import { describe } from '../../src/errors.ts';
import { SANDBOX_IMAGE } from '../../src/images/sandbox-image.ts';
import { TESTED_SERVICE_IMAGE } from '../../src/images/service-image.ts';
import { standInBaseName } from '../../src/images/stand-in-base.ts';
import { localImage } from '../../src/images/local-image.ts';
import { connectDocker } from '../../src/runtime/docker/connect.ts';
import { compose } from './checks/compose.ts';
import { engineRestart } from './checks/engine-restart.ts';
import { firstStart } from './checks/first-start.ts';
import { inGuest } from './checks/in-guest.ts';
import { limits } from './checks/limits.ts';
import { reboot } from './checks/reboot.ts';
import { withRepeats } from './emulation.ts';
import { startGuest } from './guest/guest.ts';
import { IMAGES, makeDisk } from './guest/make-disk.ts';
import { GUEST_TOOLS } from './guest/tools.ts';

/*
 * `npm run modern-host`: Daypass on a Debian 13 as users have it (systemd, cgroup v2, AppArmor, its own Docker and Compose),
 * in a guest of qemu. `--short` does only what a newcomer does first; `--only WORD` the checks with that word in their name.
 */
const { values } = parseArgs({
  options: { short: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
});
const checks = (values.short ? [firstStart] : [firstStart, limits, engineRestart, reboot, compose]).filter(({ name }) =>
  name.includes(values.only),
);
const root = join(import.meta.dirname, '..', '..');
const progress = createProgress(process.stdout);
if (process.arch !== 'x64' || process.getuid?.() !== 0) {
  progress.line('✗ The guest is an x86-64 machine, made by root: run this as root on such a machine.');
  process.exit(2);
}

const say = (line: string): void => progress.line(line);
const docker = connectDocker(process.env['DOCKER_HOST']);
const deps = { machine: await lookAtMachine(process.env), progress, docker };
await ensurePrograms(deps, GUEST_TOOLS);
const images = await imagesOfGuest();
const dir = await mkdtemp(join(tmpdir(), 'daypass-guest-'));
let failed = checks.length === 0;
try {
  const disk = await progress.step('disk of a Debian 13', () => makeDisk({ dir, root, images }));
  await using guest = await progress.step('boot', () => startGuest(dir, disk, say));
  progress.line(`  by ${guest.accelerator}`);
  await progress.step('load images', () => inGuest(guest, `docker load --quiet --input ${IMAGES}`));
  for (const check of checks) {
    await progress
      .step(check.name, () => withRepeats(guest.accelerator, () => check.run(guest), say))
      .catch((error: unknown) => {
        failed = true;
        progress.line(describe(error));
      });
  }
} finally {
  await rm(dir, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;

/** What takes long to build in a guest comes from here. */
async function imagesOfGuest(): Promise<string[]> {
  const standIn = await standInBaseName();
  const found = [SANDBOX_IMAGE, ...((await localImage(docker, standIn)) === null ? [] : [standIn])];
  if (!checks.includes(compose)) return found;
  await ensureCompose(deps);
  await buildTestedServiceImage(deps);
  return [...found, TESTED_SERVICE_IMAGE];
}
