const MIB = 1024 ** 2;

/** What one git process may take. A process that takes more is ended, or told by the system that there is no more. */
export interface GitLimits {
  /** Processor time of the process itself; its children have as much each. */
  cpuSeconds: number;
  /** Address space: what it maps and allocates. */
  memoryBytes: number;
}

/** Git maps a repo's packs in windows, and their indexes as a whole. */
export const GIT_LIMITS: GitLimits = { cpuSeconds: 600, memoryBytes: 4 * 1024 * MIB };

/**
 * What git may take for a body of so many bytes: a pack of some kilobytes can hold deltas that unfold to gigabytes, one of
 * gigabytes takes minutes by its size alone.
 */
export function limitsFor(bytes: number): GitLimits {
  const megabytes = Math.ceil(bytes / MIB);
  return {
    cpuSeconds: 30 + Math.ceil(megabytes / 3),
    memoryBytes: Math.min(GIT_LIMITS.memoryBytes, (1_024 + 2 * megabytes) * MIB),
  };
}

/**
 * The command that sets limits for itself and then becomes the program: the limits are the kernel's own, and hold for whatever the
 * program starts. No word of a client is in it; a limit that the system does not have is left out.
 */
export function underLimits(limits: GitLimits, program: string, args: string[]): { command: string; args: string[] } {
  const script = 'ulimit -t "$1" 2>/dev/null; ulimit -v "$2" 2>/dev/null; shift 2; exec "$@"';
  const memoryKib = Math.floor(limits.memoryBytes / 1024);
  return {
    command: '/bin/sh',
    args: ['-c', script, 'sh', String(limits.cpuSeconds), String(memoryKib), program, ...args],
  };
}
