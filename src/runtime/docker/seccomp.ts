import profile from './seccomp.json' with { type: 'json' };

/**
 * The system calls that a sandbox may make, as an engine takes it. Whatever engine it is, it is this and not that
 * engine's default, which for older ones has holes (io_uring, AF_VSOCK, AF_ALG). Each entry says what it is for; what is
 * left out, and why, is in ADR 13.
 */
export const SECCOMP_OPTION = `seccomp=${JSON.stringify(profile)}`;
