import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { BOUNDED_BODIES } from '../http/bounded-bodies.ts';
import type { Logger } from '../ops/log.ts';
import type { Secret } from '../token/secret.ts';
import { createGitHost } from './app.ts';
import { createSlowReaders } from './answers/slow-readers.ts';
import { createAuthenticate } from './auth/authenticate.ts';
import { HOST_BOUNDS, type HostBounds } from './bounds.ts';
import { openDatabase } from './database.ts';
import { keepLean } from './free-buffers.ts';
import { createAccessLog } from './http/access-log.ts';
import { createConnections } from './http/connections.ts';
import { createPipelineGuard } from './http/pipelining.ts';
import { createRequests } from './http/requests.ts';
import { createImports } from './import/imports.ts';
import type { ImportLimits } from './import/limits.ts';
import { openIncoming } from './incoming/incoming.ts';
import { createLiveUses } from './live-uses.ts';
import type { Host } from './host.ts';
import { startMaintainer } from './maintenance/maintainer.ts';
import { openRepoDirs } from './repos/repo-dirs.ts';
import { createRepoLocks } from './repos/repo-locks.ts';
import { createRepoStore } from './repos/repo-store.ts';
import { createRoom } from './repos/room.ts';
import { createWriters } from './repos/writers.ts';
import { createGate } from './smart-http/gate.ts';
import { createTokenStore } from './tokens/token-store.ts';

/** A connection on which nothing moves for so long is given up; what moves may take as long as it needs. */
const IDLE_TIMEOUT_MS = 10 * 60_000;

/** Below the idle timeout, so that who waits is told. Git itself waits for an answer as long as it takes. */
const MAX_WAIT_MS = 5 * 60_000;
/** A body of a hundred thousand files takes some 40 MB while it is written. */
const LARGE_CONTENTS = 1;
/** These take little and are over soon. */
const ADVERTISEMENTS_PER_TRANSFER = 2;
/** Node looks every 30 s by itself. */
const LOOK_AT_TIME_EVERY_MS = 1_000;
const MAINTENANCE_EVERY_MS = 30_000;

export interface GitHostOptions {
  /** A port of 0 lets the system choose. */
  listen: { host: string; port: number };
  dataDir: string;
  accountKeys: Secret[];
  /** `HOST:PORT` in lower case: other git hosts, at whatever address, from which may be imported beside public ones. */
  importHosts: string[];
  importLimits?: ImportLimits;
  /** How many clones and fetches run at once, beside half as many writes; the others wait. */
  transfers: number;
  /** How often the repos that have changed are looked at for what they need. */
  maintenanceEveryMs?: number;
  /** How long a call waits for its turn, before it hears 503. */
  maxWaitMs?: number;
  /** What callers may take up; what is not given is as in `HOST_BOUNDS`. */
  bounds?: Partial<HostBounds>;
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
  const { listen, dataDir, accountKeys, importHosts, importLimits, transfers, log } = options;
  const waitMs = options.maxWaitMs ?? MAX_WAIT_MS;
  const bounds = { ...HOST_BOUNDS, ...options.bounds };
  const now = Date.now;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const database = openDatabase(join(dataDir, 'git-host.sqlite'));
  try {
    const repos = createRepoStore(database);
    const dirs = await openRepoDirs(dataDir, (repoId) => repos.find(repoId) !== null);
    const tokens = createTokenStore({ database, now });
    const authenticate = createAuthenticate({ accountKeys, tokens });
    const host: Host = {
      authenticate,
      bounds,
      requests: createRequests(bounds),
      connections: createConnections(bounds),
      incoming: await openIncoming(dataDir, bounds),
      room: createRoom(dataDir, bounds),
      tokens,
      dirs,
      repos,
      uses: createLiveUses({ now }),
      locks: createRepoLocks(),
      writers: createWriters(),
      imports: createImports({ privateHosts: importHosts, ...(importLimits && { limits: importLimits }) }),
      gates: {
        advertisement: createGate({ places: transfers * ADVERTISEMENTS_PER_TRANSFER, waitMs }),
        reading: createGate({ places: transfers, waitMs }),
        writing: createGate({ places: Math.ceil(transfers / 2), waitMs }),
        content: createGate({ places: LARGE_CONTENTS, waitMs }),
      },
      slowReaders: createSlowReaders(bounds.reader),
      // Only to be the same in the two requests of one push; nobody checks what is signed.
      signedPushes: { 'receive.certNonceSeed': randomBytes(16).toString('hex') },
      log,
      accessLog: createAccessLog(log, now),
      now,
    };
    const maintainer = startMaintainer(host, options.maintenanceEveryMs ?? MAINTENANCE_EVERY_MS);
    const app = createGitHost(host, maintainer);
    const letGrow = keepLean();
    const isInTurn = createPipelineGuard(bounds.requestsPerConnection);
    const server = createServer(
      {
        ...BOUNDED_BODIES,
        headersTimeout: bounds.headersTimeoutMs,
        connectionsCheckingInterval: LOOK_AT_TIME_EVERY_MS,
      },
      (req, res) => {
        if (!isInTurn(req, res)) return;
        host.connections.begin(req, res);
        // Express answers what its handler's promise rejects with, so nothing is left to wait for here.
        void app(req, res);
      },
    );
    host.connections.watch(server);
    const { port } = await listenOn(server, listen);
    const url = `http://${listen.host.includes(':') ? `[${listen.host}]` : listen.host}:${port}/v1`;
    log.info({ url }, 'git host listens');
    return {
      url,
      async close() {
        letGrow();
        server.close();
        const stopped = maintainer.stop();
        await host.uses.endAll();
        await stopped;
        server.closeAllConnections();
        host.accessLog.close();
        database.close();
      },
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

async function listenOn(server: Server, listen: GitHostOptions['listen']): Promise<AddressInfo> {
  // A body has its own bounds of time; a connection that stands still is not fine.
  server.requestTimeout = 0;
  server.setTimeout(IDLE_TIMEOUT_MS);
  server.listen(listen.port, listen.host);
  await once(server, 'listening');
  return server.address() as AddressInfo;
}
