import { dirname, join } from 'node:path';

/**
 * Where the minter gives credentials to the gateway: beside the socket of the workers. The gateway speaks with untrusted
 * code, and one that is taken over must not be able to mint, to revoke, or to be given what is in a sandbox.
 */
export const credentialSocketBeside = (minterSocket: string): string => join(dirname(minterSocket), 'credentials.sock');
