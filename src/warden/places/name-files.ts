import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nanoid } from 'nanoid';
import { SANDBOX_HOST_NAME } from '../../runtime/sandbox-host-name.ts';
import type { RepoHost } from '../../session/repo-host.ts';

export const namesDir = (runDir: string): string => join(runDir, 'names');

/**
 * The hosts file and resolv.conf that sandboxes get, since an engine gives none to a container without a network. The
 * repo host's name leads to the loopback address where init listens for it.
 *
 * Renamed into place, since sandboxes have the ones before mounted.
 */
export async function nameFiles(
  runDir: string,
  repoHost: RepoHost,
): Promise<{ hostsFile: string; resolvFile: string }> {
  const dir = namesDir(runDir);
  const names = [`127.0.0.1 localhost ${SANDBOX_HOST_NAME}`, `::1 localhost`];
  if (repoHost.host !== repoHost.listenAddress && repoHost.host !== 'localhost')
    names.push(`${repoHost.listenAddress} ${repoHost.host}`);
  return {
    hostsFile: await place(dir, `hosts-${repoHost.host}`, `${names.join('\n')}\n`),
    // Init answers there.
    resolvFile: await place(dir, 'resolv.conf', 'nameserver 127.0.0.1\noptions attempts:3 timeout:2\n'),
  };
}

async function place(dir: string, name: string, content: string): Promise<string> {
  const path = join(dir, name);
  const temporary = `${path}.${nanoid(6)}`;
  await writeFile(temporary, content, { mode: 0o644 });
  await rename(temporary, path);
  return path;
}
