/**
 * The name under which a sandbox asks for git: its init tunnels there, and nowhere else does the name lead (RFC 9476 and
 * ICANN keep `.internal` for private use).
 */
export const GIT_GATEWAY = { host: 'git.daypass.internal', port: 80 };

/** Where init listens for it inside of every sandbox that has its git this way. */
export const GIT_LISTENER = { address: '127.0.0.1', port: 3129 };
