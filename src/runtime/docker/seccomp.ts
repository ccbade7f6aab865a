import profile from './seccomp.json' with { type: 'json' };

/** Signals that say who sends them by words of the sender's own. */
const WITH_WORDS = ['rt_sigqueueinfo', 'rt_tgsigqueueinfo', 'tgkill', 'tkill'];
/** The kernel's `PID_MAX_LIMIT` is 2^22. */
const ID_BITS = 22;

/**
 * They go to any process but init. Where the queue of a user's signals is full, the kernel drops their words, and init would
 * take one for a signal of the engine, from outside: signal.c, `__send_signal_locked`. No filter can say "not 1" of the 32 bits
 * that the kernel looks at, so this says which bit makes an id another one.
 */
function toOthersThanInit() {
  return Array.from({ length: ID_BITS }, (_, bit) => ({
    comment: 'Signals with words of their own, to any process but init.',
    names: WITH_WORDS,
    action: 'SCMP_ACT_ALLOW',
    args: [{ index: 0, value: 2 ** bit, op: 'SCMP_CMP_MASKED_EQ', valueTwo: bit === 0 ? 0 : 2 ** bit }],
  }));
}

/**
 * The system calls that a sandbox may make, as an engine takes it. Whatever engine it is, it is this and not that
 * engine's default, which for older ones has holes (io_uring, AF_VSOCK, AF_ALG). Each entry says what it is for; what is
 * left out, and why, is in ADR 13.
 */
export const SECCOMP_OPTION = `seccomp=${JSON.stringify({
  ...profile,
  syscalls: [...profile.syscalls, ...toOthersThanInit()],
})}`;
