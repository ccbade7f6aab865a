import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Logger } from '../ops/log.ts';
import type { Secret } from '../token/secret.ts';
import { createGitHost } from './app.ts';
import { createAuthenticate } from './auth/authenticate.ts';
import { openDatabase } from './database.ts';
import { createImports } from './import/imports.ts';
import type { ImportLimits } from './import/limits.ts';
import { createLiveUses } from './live-uses.ts';
import { openRepoDirs } from './repos/repo-dirs.ts';
import { createRepoLocks } from './repos/repo-locks.ts';
import { createRepoStore } from './repos/repo-store.ts';
import { createWriters } from './repos/writers.ts';
import { createTokenStore } from './tokens/token-store.ts';

/** A connection on which nothing moves for so long is given up; what moves may take as long as it needs. */
const IDLE_TIMEOUT_MS = 10 * 60_000;

export interface GitHostOptions {
  /** A port of 0 lets the system choose. */
  listen: { host: string; port: number };
  dataDir: string;
  accountKeys: Secret[];
  /** `HOST:PORT` in lower case: other git hosts, at whatever address, from which may be imported beside public ones. */
  importHosts: string[];
  importLimits?: ImportLimits;
  log: Logger;
}

export interface RunningGitHost {
  /** With /v1, as `RELACE_BASE_URL` wants it. */
  url: string;
  /** Ends every request under way with its git processes, then the server and the database. */
  close(): Promise<void>;
}

/** Opens the data directory, makes it where it is missing, and serves it. Only one process may have it open. */
export async function startGitHost(options: GitHostOptions): Promise<RunningGitHost> {
  const { listen, dataDir, accountKeys, importHosts, importLimits, log } = options;
  const now = Date.now;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const dirs = await openRepoDirs(dataDir);
  const database = openDatabase(join(dataDir, 'git-host.sqlite'));
  try {
    const tokens = createTokenStore({ database, now });
    const authenticate = createAuthenticate({ accountKeys, tokens });
    const parts = {
      repos: createRepoStore(database),
      uses: createLiveUses({ now }),
      locks: createRepoLocks(),
      writers: createWriters(),
      imports: createImports({ privateHosts: importHosts, ...(importLimits && { limits: importLimits }) }),
    };
    const gitHost = createGitHost({ authenticate, tokens, dirs, ...parts, log, now });
    // Express answers what its handler's promise rejects with, so nothing is left to wait for here.
    const server = createServer((req, res) => void gitHost.app(req, res));
    const { port } = await listenOn(server, listen);
    const url = `http://${listen.host.includes(':') ? `[${listen.host}]` : listen.host}:${port}/v1`;
    log.info({ url }, 'git host listens');
    return {
      url,
      async close() {
        server.close();
        await gitHost.close();
        server.closeAllConnections();
        database.close();
      },
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

async function listenOn(server: Server, listen: GitHostOptions['listen']): Promise<AddressInfo> {
  // Uploads of any length are fine; a connection that stands still is not.
  server.requestTimeout = 0;
  server.setTimeout(IDLE_TIMEOUT_MS);
  server.listen(listen.port, listen.host);
  await once(server, 'listening');
  return server.address() as AddressInfo;
}
