import { chmod, chown, lchown, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gatewayDir } from '../../egress/layout.ts';
import { initDir } from '../../runtime/init-dir.ts';
import { removeFlat } from '../../ops/remove-flat.ts';
import { AGENT_ID } from '../../runtime/docker/agent-id.ts';
import { WardenRefusal } from '../refusal.ts';
import { requireOwnDirectory } from './own-directory.ts';

/** What a sandbox gets mounted from this host and has to itself. */
export interface Places {
  initDirOf(sandboxId: string): string;
  gatewayDirOf(sandboxId: string): string;
  /** Makes both, once. Throws 409 where they are already. */
  make(sandboxId: string): Promise<void>;
  /**
   * Init has opened what it needs: from now on nobody but the warden and its group gets into init's directory. What lies
   * there is the warden's, too: when a user of the host with the agents' number logs out, systemd (`RemoveIPC`) removes
   * every file of that number below `/dev/shm`.
   */
  lock(sandboxId: string): Promise<void>;
  /** Safe to repeat. */
  remove(sandboxId: string): Promise<void>;
}

interface PlacesOptions {
  runDir: string;
  memoryDir: string;
  gatewaysDir: string;
  gid: number;
  gatewayGid: number;
}

/** The gateway's group makes the socket of the sandbox's way out in it; all others that get here pass through. */
const GATEWAY_MODE = 0o775;
const INIT_MODE = 0o700;
const INIT_LOCKED_MODE = 0o750;
/** Where the warden may not give a directory away; its parent keeps everybody else out. */
const OPEN_MODE = 0o777;

/**
 * The directories of sandboxes, made and removed by the warden: only it may write to their parents, so what was checked
 * before a container is made is what the engine mounts into it. `gid` is the group of workers, `gatewayGid` the one of
 * the gateway.
 */
export function createPlaces(options: PlacesOptions): Places {
  const { runDir, memoryDir, gatewaysDir, gid, gatewayGid } = options;
  const uid = process.getuid?.() ?? 0;
  const isRoot = uid === 0;
  const initDirOf = (sandboxId: string): string => initDir(memoryDir, sandboxId);
  const gatewayDirOf = (sandboxId: string): string => gatewayDir(runDir, sandboxId);
  return {
    initDirOf,
    gatewayDirOf,
    async make(sandboxId) {
      await Promise.all([memoryDir, gatewaysDir].map(requireOwnDirectory));
      const init = initDirOf(sandboxId);
      await mkdir(init, { mode: INIT_MODE }).catch(refuseExisting);
      if (isRoot) await chown(init, AGENT_ID, AGENT_ID);
      else await chmod(init, OPEN_MODE);
      const gateway = gatewayDirOf(sandboxId);
      // A worker may have made it before, where it is of the same user.
      await mkdir(gateway).catch(unlessItIsThere);
      await requireOwnDirectory(gateway);
      await chown(gateway, uid, gatewayGid);
      await chmod(gateway, GATEWAY_MODE);
    },
    async lock(sandboxId) {
      const init = initDirOf(sandboxId);
      await chown(init, uid, gid);
      if (isRoot) await Promise.all((await readdir(init)).map((name) => lchown(join(init, name), uid, gid)));
      // Where the warden runs as the agents' group, that is kept out too, and so are workers of other users.
      await chmod(init, gid === AGENT_ID ? INIT_MODE : INIT_LOCKED_MODE);
    },
    async remove(sandboxId) {
      for (const dir of [initDirOf(sandboxId), gatewayDirOf(sandboxId)]) {
        await removeFlat(dir);
      }
    },
  };
}

function refuseExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
  throw new WardenRefusal(409, 'This sandbox has been created before');
}

function unlessItIsThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
