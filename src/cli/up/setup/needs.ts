/** A program that a command needs, and the Debian packages that bring it. */
export interface Need {
  program: string;
  /** It is a module of the system's own Python, and no program. */
  isPythonModule?: true;
  packages: string[];
  /** Older ones will not do, such as `6.2`. */
  atLeast?: string;
}

const TO_START: Need[] = [
  { program: 'git', packages: ['git', 'ca-certificates'] },
  { program: 'redis-server', packages: ['redis-server'], atLeast: '6.2' },
];

const TO_TEST: Need[] = [
  ...TO_START,
  { program: 'chromium', packages: ['chromium'] },
  { program: 'gcc', packages: ['gcc', 'libc6-dev'] },
  // Clients of the git host other than git.
  { program: 'dulwich', isPythonModule: true, packages: ['python3-dulwich'] },
  { program: 'pygit2', isPythonModule: true, packages: ['python3-pygit2'] },
];

/** Only where no engine answers. */
export const ENGINE_NEEDS: Need[] = [
  { program: 'dockerd', packages: ['docker.io'] },
  { program: 'iptables', packages: ['iptables'] },
];

/** Only where no base image can be pulled. */
export const STAND_IN_NEEDS: Need[] = [{ program: 'mmdebstrap', packages: ['mmdebstrap'] }];

export function needsOf(purpose: 'start' | 'test'): Need[] {
  return purpose === 'start' ? TO_START : TO_TEST;
}

/** What is known of a program on this machine; null: it is not there. `version` only where one is asked for. */
export type Found = { version: string | null } | null;

export interface Missing {
  need: Need;
  /** `is not there`, or which version is there and which is needed. */
  why: string;
}

/** Which of the needs are not met. */
export function missingOf(needs: Need[], found: ReadonlyMap<string, Found>): Missing[] {
  return needs.flatMap((need) => {
    const there = found.get(need.program) ?? null;
    if (there === null) return [{ need, why: 'is not there' }];
    if (need.atLeast === undefined || isAtLeast(there.version ?? '0', need.atLeast)) return [];
    return [{ need, why: `is ${there.version ?? 'of an unknown version'}, and ${need.atLeast} or later is needed` }];
  });
}

/** Compares dotted numbers: 10.0 is later than 6.2. */
export function isAtLeast(version: string, wanted: string): boolean {
  const [have, want] = [version, wanted].map((text) => text.split('.').map(Number));
  for (const [index, part] of (want ?? []).entries()) {
    const difference = (have?.[index] ?? 0) - part;
    if (difference !== 0) return difference > 0;
  }
  return true;
}
