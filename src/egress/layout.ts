import { join } from 'node:path';

/*
 * Where the gateway's things lie below the run directory. Each sandbox has a directory of its own that is mounted into
 * it: a socket that is mounted as a file would be dead after the gateway's restart.
 */

export const policiesDir = (runDir: string): string => join(runDir, 'policies');
export const policyFile = (runDir: string, sandboxId: string): string => join(policiesDir(runDir), `${sandboxId}.json`);
export const gatewaysDir = (runDir: string): string => join(runDir, 'gateways');
export const gatewayDir = (runDir: string, sandboxId: string): string => join(gatewaysDir(runDir), sandboxId);
export const socketIn = (dir: string): string => join(dir, 'gateway.sock');
/** What the gateway has decided for a sandbox, until its worker has read it; never mounted anywhere. */
export const decisionsDir = (runDir: string): string => join(runDir, 'decisions');
export const sandboxDecisionsDir = (runDir: string, sandboxId: string): string => join(decisionsDir(runDir), sandboxId);
