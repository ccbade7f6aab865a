import { z } from 'zod';

/** What of `GET /version` is looked at: the engine's parts, each with its version (Engine API, SystemVersion). */
export const versionAnswer = z.object({
  Version: z.string(),
  ApiVersion: z.string(),
  Components: z.array(z.object({ Name: z.string(), Version: z.string() })).optional(),
});

export type VersionAnswer = z.output<typeof versionAnswer>;

interface Flaw {
  component: 'Engine' | 'containerd' | 'runc';
  /** The first version without it on each line of releases that got the fix. */
  fixedIn: string[];
  what: string;
}

/** Below this nothing is started: what a sandbox is made of is not there, or there is a known way out of it. */
const REFUSED: Flaw[] = [
  // CgroupnsMode (Engine API 1.41) and the errno of a seccomp rule.
  { component: 'Engine', fixedIn: ['20.10.0'], what: 'has no cgroup namespace of its own for a container' },
  // https://github.com/opencontainers/runc/security/advisories/GHSA-gxmr-w5mj-v8hh, fixed in 1.0-rc7
  { component: 'runc', fixedIn: ['1.0.0'], what: 'lets a container overwrite runc itself (CVE-2019-5736)' },
];

/** Worth an update. Of these a distribution may have fixed any under an older number. */
const WARNED: Flaw[] = [
  // https://github.com/opencontainers/runc/security/advisories/GHSA-xr7r-f8xq-vfvv
  // https://github.com/opencontainers/runc/releases/tag/v1.1.12
  { component: 'runc', fixedIn: ['1.1.12'], what: 'leaks a directory of the host into containers (CVE-2024-21626)' },
  // https://github.com/opencontainers/runc/security/advisories/GHSA-9493-h29p-rfm2, GHSA-qw9x-cqr3-wc7r, GHSA-cgrx-mc8f-2prm
  {
    component: 'runc',
    fixedIn: ['1.2.8', '1.3.3', '1.4.0'],
    what: 'can be led astray by races of mounts (CVE-2025-31133, CVE-2025-52565, CVE-2025-52881)',
  },
  // https://github.com/containerd/containerd/security/advisories/GHSA-pwhc-rpq9-4c8w
  {
    component: 'containerd',
    fixedIn: ['1.7.29', '2.0.7', '2.1.5', '2.2.0'],
    what: 'leaves its directories open to other users of the host (CVE-2024-25621)',
  },
  // https://github.com/moby/moby/security/advisories/GHSA-v23v-6jw2-98fq, https://osv.dev/vulnerability/GO-2024-3005
  {
    component: 'Engine',
    fixedIn: ['20.10.28', '23.0.15', '24.0.10', '25.0.6', '26.1.5', '27.1.1'],
    what: 'lets calls past authorization plugins, which Daypass does not rely on (CVE-2024-41110)',
  },
];

/** What is known of an engine's parts, as sentences. With one in `refused` nothing is to be started on it. */
export function judgeVersions(found: VersionAnswer): { refused: string[]; warnings: string[] } {
  const components = found.Components ?? [{ Name: 'Engine', Version: found.Version }];
  const sentences = (flaws: Flaw[]): string[] =>
    flaws.flatMap(({ component, fixedIn, what }) => {
      const version = components.find(({ Name }) => Name === component)?.Version;
      if (version === undefined || isFixed(version, fixedIn)) return [];
      return [`${component} ${version} ${what}; fixed in ${fixedIn.join(', ')}${backPorted(version)}`];
    });
  return { refused: sentences(REFUSED), warnings: sentences(WARNED) };
}

/** One that is no number, such as a build from a branch, is not judged. */
function isFixed(version: string, fixedIn: string[]): boolean {
  const own = numbersOf(version);
  if (own === null) return true;
  const fixes = fixedIn.flatMap((text) => [numbersOf(text) ?? []]);
  const sameLine = fixes.find(([major, minor]) => major === own[0] && minor === own[1]);
  // A line of releases that got no fix is behind when a newer one did.
  return sameLine === undefined ? fixes.every((fix) => isAtLeast(own, fix)) : isAtLeast(own, sameLine);
}

function isAtLeast(own: number[], other: number[]): boolean {
  for (const [index, number] of other.entries()) {
    if (own[index] !== number) return (own[index] ?? 0) > number;
  }
  return true;
}

function numbersOf(version: string): number[] | null {
  const found = /^v?(\d+)\.(\d+)\.(\d+)(-rc)?/.exec(version);
  if (found === null) return null;
  const [, major, minor, patch, candidate] = found;
  // A candidate comes before its release.
  return [Number(major), Number(minor), Number(patch) - (candidate === undefined ? 0 : 0.5)];
}

/** A distribution marks its builds by a suffix. */
function backPorted(version: string): string {
  return /[+~]/.test(version) ? ', or by your distribution under this number: look at its security tracker' : '';
}
