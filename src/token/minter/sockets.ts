import { join } from 'node:path';

/*
 * Where the minter listens, below the run directory. The gateway has a socket of its own: it speaks with untrusted code,
 * and one that is taken over must not be able to mint, to revoke, or to be given what another sandbox's environment holds.
 */

export const minterSocket = (runDir: string): string => join(runDir, 'minter.sock');
export const credentialSocket = (runDir: string): string => join(runDir, 'credentials.sock');
