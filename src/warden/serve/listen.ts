import { once } from 'node:events';
import { chmod, chown, mkdir, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { dirname } from 'node:path';
import { requireOwnDirectory } from '../places/own-directory.ts';

const DIRECTORY_MODE = 0o750;
const SOCKET_MODE = 0o660;

/** Listens where the group `gid`, and nobody else, can get at it. A socket that a former life has left is replaced. */
export async function listenForGroup(server: Server, socket: string, gid: number): Promise<void> {
  const dir = dirname(socket);
  await mkdir(dir, { recursive: true, mode: DIRECTORY_MODE });
  await requireOwnDirectory(dir);
  const uid = process.getuid?.() ?? 0;
  await chown(dir, uid, gid);
  await chmod(dir, DIRECTORY_MODE);
  await rm(socket, { force: true });
  server.listen(socket);
  await once(server, 'listening');
  await chown(socket, uid, gid);
  await chmod(socket, SOCKET_MODE);
}
