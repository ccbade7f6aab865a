import { MASKED_PATHS } from '../../runtime/docker/container-spec.ts';
import { SECCOMP_OPTION } from '../../runtime/docker/seccomp.ts';
import { LABEL } from '../../runtime/docker/labels.ts';
import type { WardenDeps } from '../deps.ts';
import { WardenRefusal } from '../refusal.ts';
import type { CreateBody } from './create-body.ts';
import { expectedMounts, TMPFS } from './mount-points.ts';

const MEBIBYTE = 1024 * 1024;

export type ProfileDeps = Pick<WardenDeps, 'installation' | 'limits' | 'host' | 'places' | 'disks'>;

/** Throws 403 with everything in which these options are not those of this sandbox. */
export function requireProfile(body: CreateBody, sandboxId: string, deps: ProfileDeps): void {
  const violations = profileViolations(body, sandboxId, deps);
  if (violations.length === 0) return;
  throw new WardenRefusal(403, `The sandbox is outside the profile: ${violations.join('; ')}`);
}

/** What of that which may differ between sandboxes is not as it must be for this one, as sentences. */
export function profileViolations(body: CreateBody, sandboxId: string, deps: ProfileDeps): string[] {
  const { Labels, HostConfig: host } = body;
  const { limits, installation } = deps;
  const inMemory = host.Tmpfs['/workspace'];
  // A disk has the size that was asked for when it was made.
  const workspaceMb = inMemory === undefined ? 0 : Number(TMPFS['/workspace'].exec(inMemory)?.[1]);
  const checks: [holds: boolean, otherwise: string][] = [
    [Labels[LABEL.sandbox] === sandboxId, 'its name is not that of its sandbox'],
    [Labels[LABEL.installation] === installation, `it belongs to another installation than ${installation}`],
    [host.MemorySwap === host.Memory, 'it could swap'],
    [host.Memory <= limits.memoryMb * MEBIBYTE, `it would have more memory than ${limits.memoryMb} MiB`],
    [host.NanoCpus <= limits.cpus * 1e9, `it would have more than ${limits.cpus} cpus`],
    [host.PidsLimit <= limits.pids, `it would have more than ${limits.pids} processes`],
    [(inMemory !== undefined) === (deps.disks.way.way === 'tmpfs'), 'its workspace is not made the way of this host'],
    [workspaceMb <= limits.diskMb, `it would have more disk than ${limits.diskMb} MiB`],
    [isExactly(host.MaskedPaths, MASKED_PATHS), 'it could see what is hidden from sandboxes'],
    [isExactly(host.SecurityOpt, ['no-new-privileges', SECCOMP_OPTION]), 'its security options are not the profile’s'],
    [(host.Runtime ?? null) === deps.host.runtime, `its runtime is not ${deps.host.runtime ?? "the engine's default"}`],
  ];
  return [
    ...checks.filter(([holds]) => !holds).map(([, otherwise]) => otherwise),
    ...mountViolations(host.Mounts, expectedMounts(sandboxId, deps)),
  ];
}

function mountViolations(
  mounts: CreateBody['HostConfig']['Mounts'],
  expected: Record<string, { source: string; readOnly: boolean }>,
): string[] {
  const found = mounts.map(({ Source, Target, ReadOnly }) => `${Source}\0${Target}\0${ReadOnly}`).toSorted();
  const wanted = Object.entries(expected).map(([target, { source, readOnly }]) => `${source}\0${target}\0${readOnly}`);
  if (isExactly(found, wanted.toSorted())) return [];
  const missing = wanted.filter((text) => !found.includes(text)).map((text) => `lacks ${shown(text)}`);
  const surplus = found.filter((text) => !wanted.includes(text)).map((text) => `has ${shown(text)}`);
  return [`its mounts are not its own: it ${[...missing, ...surplus].join(', ') || 'has one twice'}`];
}

function shown(text: string): string {
  const [source, target, readOnly] = text.split('\0');
  return `${source} at ${target}${readOnly === 'true' ? '' : ' writable'}`;
}

function isExactly(value: readonly string[], wanted: readonly string[]): boolean {
  return JSON.stringify(value) === JSON.stringify(wanted);
}
