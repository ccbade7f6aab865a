import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../ops/log.ts';
import type { Reader } from './answers/reader.ts';
import type { SlowReaders } from './answers/slow-readers.ts';
import type { Authenticate } from './auth/authenticate.ts';
import type { HostBounds } from './bounds.ts';
import type { AccessLog } from './http/access-log.ts';
import type { Connections } from './http/connections.ts';
import type { Requests } from './http/requests.ts';
import type { Imports } from './import/imports.ts';
import type { Incoming } from './incoming/incoming.ts';
import type { LiveUses } from './live-uses.ts';
import type { RepoPlace } from './repos/head.ts';
import type { RepoDirs } from './repos/repo-dirs.ts';
import type { RepoLocks } from './repos/repo-locks.ts';
import type { Room } from './repos/room.ts';
import type { RepoStore, RepoFacts } from './repos/repo-store.ts';
import type { Writers } from './repos/writers.ts';
import type { Gate } from './smart-http/gate.ts';
import type { TokenStore } from './tokens/token-store.ts';

/** The parts that the operations work with. */
export interface Host {
  authenticate: Authenticate;
  tokens: TokenStore;
  repos: RepoStore;
  dirs: RepoDirs;
  uses: LiveUses;
  /** Everything that moves a ref of a repo holds its lock. */
  locks: RepoLocks;
  /** Everything that writes to a repo runs within this. */
  writers: Writers;
  imports: Imports;
  bounds: HostBounds;
  /** The requests that are under way, of each caller. */
  requests: Requests;
  /** Who holds a connection, and which one gives way to a newcomer. */
  connections: Connections;
  incoming: Incoming;
  /** Taken before anything is written to a repo. */
  room: Room;
  /**
   * How much runs at once: git processes that say what there is, those that send content, work that writes, and work that holds
   * a large body's structure in memory. They are entered when the request's body has arrived, and in this order: who needs
   * several enters `content` first, then `writing`, and a repo's lock last.
   */
  gates: { advertisement: Gate; reading: Gate; writing: Gate; content: Gate };
  /** Transfers that wait for their readers and hold no place. */
  slowReaders: SlowReaders;
  /** What git needs to ask for the signatures of `git push --signed`. */
  signedPushes: Record<string, string>;
  log: Logger;
  accessLog: AccessLog;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** One request of a caller who may make it. */
export interface Call {
  req: IncomingMessage;
  res: ServerResponse;
  /** Who calls: the token's hash, or `account`. */
  by: string;
  /** How fast the answer is read. */
  reader: Reader;
  /** The placeholders of the route's path, decoded. */
  params: Record<string, string>;
  query: URLSearchParams;
  /** Aborted when the client goes away, the token ends or the host closes. All work for the request stops then. */
  signal: AbortSignal;
}

/** A request on a repo that exists and that the caller may use in the way that the route needs. */
export interface RepoCall extends Call {
  repo: RepoFacts;
  place: RepoPlace;
  /** Throws `forbidden` unless the caller may write to the repo. */
  needWrite: () => void;
}

/** An operation answers the call or throws; a `HostError` is the caller's to hear. */
export type AccountOperation = (host: Host, call: Call) => Promise<void>;
export type RepoOperation = (host: Host, call: RepoCall) => Promise<void>;
