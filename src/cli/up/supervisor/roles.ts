import { join } from 'node:path';
import type { Environment } from '../../../settings.ts';
import { roleEnvironment, ROLES, type RoleName } from '../installation/role-settings.ts';
import type { Role } from './role.ts';

/** Redis rewrites nothing at its end, but a role may have sessions or requests to hand over. */
const END_TIMEOUT_MS = 12_000;

/** Each role's program, from the project's root, and the line by which it says that it is ready. */
const NODE_ROLES: Record<Exclude<RoleName, 'redis'>, { file: string; readyLine: RegExp }> = {
  'git-host': { file: 'src/git-host/main.ts', readyLine: /git host listens/ },
  minter: { file: 'src/token/minter/main.ts', readyLine: /minter ready/ },
  gateway: { file: 'src/egress/main.ts', readyLine: /gateway ready/ },
  warden: { file: 'src/warden/main.ts', readyLine: /warden ready/ },
  api: { file: 'src/main.ts', readyLine: /api ready/ },
  worker: { file: 'workers/main.ts', readyLine: /worker ready/ },
};

/** The roles of one machine, in the order in which they start. */
export function rolesOf(options: { settings: Environment; root: string; redisConfigFile: string }): Role[] {
  const { settings, root, redisConfigFile } = options;
  return ROLES.map((name) => {
    const shared = { name, env: roleEnvironment(name, settings), cwd: root, endTimeoutMs: END_TIMEOUT_MS };
    if (name === 'redis') {
      return { ...shared, program: 'redis-server', args: [redisConfigFile], readyLine: /ready to accept connections/i };
    }
    const { file, readyLine } = NODE_ROLES[name];
    return { ...shared, program: process.execPath, args: [join(root, file)], readyLine };
  });
}
