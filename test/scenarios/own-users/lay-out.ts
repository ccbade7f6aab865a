import { chmod, chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { User } from '../../support/processes.ts';
import type { RoleUsers } from '../../support/stack.ts';

/** Groups that nobody on a machine has, each of what two roles share. */
const GROUP = { redis: 64_301, logs: 64_302, warden: 64_303, gateway: 64_304, mint: 64_305, credentials: 64_306 };

const own = (uid: number, ...groups: number[]): User => ({ uid, gid: uid, groups });

/** Users that nobody on a machine is, one for each role but the warden, which is root. */
export const USERS = {
  'git-host': own(64_311),
  api: own(64_312, GROUP.redis, GROUP.logs),
  minter: own(64_313, GROUP.redis),
  gateway: own(64_314, GROUP.gateway, GROUP.credentials),
  worker: own(64_315, GROUP.redis, GROUP.logs, GROUP.warden, GROUP.gateway, GROUP.mint),
};

/** What an installation makes for them: each directory is its writer's, and its group's to look into. */
export async function layOut(dir: string, redisSocket: string): Promise<RoleUsers> {
  const logs = join(dir, 'logs');
  const dataOf = (role: keyof typeof USERS, name = `data-${role}`): Promise<string> =>
    make(join(dir, name), USERS[role], USERS[role].gid, 0o700);
  await chmod(dir, 0o711);
  const { minterDir, credentialsDir } = await layOutRunDir(join(dir, 'run'));
  await make(logs, USERS.worker, GROUP.logs, 0o2750);
  await make(join(redisSocket, '..'), { uid: 0 }, GROUP.redis, 0o750);
  await chown(redisSocket, 0, GROUP.redis);
  await chmod(redisSocket, 0o770);

  const DAYPASS_MINTER_SOCKET = join(minterDir, 'minter.sock');
  const DAYPASS_CREDENTIAL_SOCKET = join(credentialsDir, 'credentials.sock');
  const DAYPASS_LOG_DIR = logs;
  return {
    warden: {
      settings: {
        DAYPASS_TOOLS_DIR: await make(join(dir, 'tools'), { uid: 0 }, 0, 0o755),
        DAYPASS_WARDEN_GID: String(GROUP.warden),
        DAYPASS_GATEWAY_GID: String(GROUP.gateway),
      },
    },
    'git-host': { user: USERS['git-host'], settings: { DAYPASS_DATA_DIR: await dataOf('git-host') } },
    minter: {
      user: USERS.minter,
      settings: { DAYPASS_DATA_DIR: await dataOf('minter', 'data'), DAYPASS_MINTER_SOCKET, DAYPASS_CREDENTIAL_SOCKET },
    },
    gateway: {
      user: USERS.gateway,
      settings: { DAYPASS_DATA_DIR: await dataOf('gateway'), DAYPASS_CREDENTIAL_SOCKET },
    },
    api: { user: USERS.api, settings: { DAYPASS_LOG_DIR } },
    worker: { user: USERS.worker, settings: { DAYPASS_LOG_DIR, DAYPASS_MINTER_SOCKET } },
  };
}

/** The part of it that lies in memory, and is made again when the host was started anew. */
export async function layOutRunDir(run: string): Promise<{ minterDir: string; credentialsDir: string }> {
  await mkdir(run, { mode: 0o711 });
  await make(join(run, 'policies'), USERS.worker, GROUP.gateway, 0o2750);
  await make(join(run, 'decisions'), USERS.worker, GROUP.gateway, 0o2750);
  await make(join(run, 'health'), USERS.gateway, USERS.gateway.gid, 0o700);
  return {
    minterDir: await make(join(run, 'minter'), USERS.minter, GROUP.mint, 0o2750),
    credentialsDir: await make(join(run, 'credentials'), USERS.minter, GROUP.credentials, 0o2750),
  };
}

async function make(path: string, { uid }: { uid: number }, gid: number, mode: number): Promise<string> {
  await mkdir(path, { recursive: true });
  await chown(path, uid, gid);
  await chmod(path, mode);
  return path;
}
