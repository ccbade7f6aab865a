import { chmod, readFile, rename, rm, writeFile } from 'node:fs/promises';

/** 101: "action forbidden by policy". Source: invoke-rc.d's policy-rc.d interface. */
const FORBID_ALL =
  '#!/bin/sh\n# Put here while packages are installed, so that none of them starts a service.\nexit 101\n';

/**
 * Runs the work while no package may start a service, then puts the former state back. When an earlier run was killed in
 * between, what it had set aside is still put back now.
 *
 * @param policyFile `/usr/sbin/policy-rc.d`, which Debian's package scripts ask.
 */
export async function withServicesHeld<T>(policyFile: string, work: () => Promise<T>): Promise<T> {
  const setAside = `${policyFile}.before-daypass`;
  const former = await readFile(policyFile, 'utf8').catch(() => null);
  if (former !== null && former !== FORBID_ALL) await rename(policyFile, setAside);
  try {
    await writeFile(policyFile, FORBID_ALL);
    await chmod(policyFile, 0o755);
    return await work();
  } finally {
    await rm(policyFile, { force: true });
    await rename(setAside, policyFile).catch(ignoreAbsence);
  }
}

function ignoreAbsence(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
