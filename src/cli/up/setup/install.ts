import { CommandFailure } from '../failure.ts';
import type { Progress } from '../progress.ts';
import { aptInstall } from './apt.ts';
import type { Machine } from './machine.ts';
import { missingOf, type Missing, type Need } from './needs.ts';
import { withoutUnusedServices } from './unused-services.ts';

export interface InstallDeps {
  machine: Machine;
  progress: Progress;
}

/** Sees to it that every program is there, and installs nothing else. Throws with the list and the command where it may not. */
export async function ensurePrograms({ machine, progress }: InstallDeps, needs: Need[]): Promise<void> {
  await installMissing(machine, needs, (packages) =>
    progress.step(`install ${packages.join(' ')}`, () => aptInstall(packages, machine.env)),
  );
}

/** The same within a step that runs already: a line says what is installed. */
export async function ensureProgramsInStep({ machine, progress }: InstallDeps, needs: Need[]): Promise<void> {
  await installMissing(machine, needs, (packages) => {
    progress.line(`  installing ${packages.join(' ')}`);
    return aptInstall(packages, machine.env);
  });
}

async function installMissing(
  machine: Machine,
  needs: Need[],
  install: (packages: string[]) => Promise<void>,
): Promise<void> {
  const missing = missingOf(needs, await machine.find(needs));
  if (missing.length === 0) return;
  if (!machine.isRoot || !machine.hasApt) throw new CommandFailure(cannotInstall(missing, machine.hasApt));
  const packages = packagesOf(missing);
  await withoutUnusedServices(packages, machine.env, () => install(packages));
  const still = missingOf(needs, await machine.find(needs));
  if (still.length > 0) {
    throw new CommandFailure(
      `The packages were installed, and yet\n${listOf(still)}\nPut the right one first on the PATH.`,
    );
  }
}

/** What is missing and what to do about it, for a machine that may not be changed. */
export function cannotInstall(missing: Missing[], hasApt: boolean): string {
  const packages = packagesOf(missing).join(' ');
  const remedy = hasApt
    ? `Install them, then start again:\n  sudo apt-get install --no-install-recommends ${packages}`
    : `Install them with this system's package manager, then start again. Debian calls the packages: ${packages}`;
  return `Something is missing here:\n${listOf(missing)}\n${remedy}`;
}

function listOf(missing: Missing[]): string {
  return missing.map(({ need, why }) => `  ${need.program} ${why}`).join('\n');
}

function packagesOf(missing: Missing[]): string[] {
  return [...new Set(missing.flatMap(({ need }) => need.packages))];
}
