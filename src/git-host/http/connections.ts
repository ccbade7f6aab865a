import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { HostBounds } from '../bounds.ts';

/**
 * Who holds the host's connections. A newcomer always gets one while another may give way: the oldest connection that never made
 * an authorised request, while there are more of these than `strangers`; else one of the token that holds the most, the one that
 * has been idle for longest before one with a request under way. A connection of the account never gives way.
 */
export interface Connections {
  watch(server: Server): void;
  /** Closes the connection after the answer, unless `identify` is called before that. Call it first for each request. */
  begin(req: IncomingMessage, res: ServerResponse): void;
  /** The request's credential is valid. `by` is the token's hash, or `account`. */
  identify(req: IncomingMessage, by: string): void;
}

interface Connection {
  readonly socket: Socket;
  /** Null for a stranger: its last request had no valid credential, or it has made none. */
  by: string | null;
  underWay: number;
  /** Restores what the answer to the last request would have done with the connection. */
  keep: () => void;
}

const ACCOUNT = 'account';

export function createConnections(bounds: Pick<HostBounds, 'connections' | 'strangers'>): Connections {
  const bySocket = new Map<Socket, Connection>();
  /** In each set the one that has been in it for longest without a request comes first. */
  const byOwner = new Map<string | null, Set<Connection>>();
  const of = (by: string | null): Set<Connection> => byOwner.get(by) ?? new Set();

  const leave = (connection: Connection): void => {
    const own = of(connection.by);
    own.delete(connection);
    if (own.size === 0) byOwner.delete(connection.by);
  };
  const enter = (connection: Connection, by: string | null): void => {
    const own = of(by);
    connection.by = by;
    byOwner.set(by, own.add(connection));
  };
  const forget = (connection: Connection): void => {
    bySocket.delete(connection.socket);
    leave(connection);
  };
  const nextToGiveWay = (): Connection | undefined => {
    const [oldestStranger] = of(null);
    if (of(null).size > bounds.strangers) return oldestStranger;
    let most: Set<Connection> = new Set();
    for (const [by, own] of byOwner) if (by !== null && by !== ACCOUNT && own.size > most.size) most = own;
    const own = [...most];
    return own.find(({ underWay }) => underWay === 0) ?? own.at(-1) ?? oldestStranger;
  };

  return {
    watch(server) {
      server.on('connection', (socket) => {
        const connection: Connection = { socket, by: null, underWay: 0, keep: () => {} };
        bySocket.set(socket, connection);
        enter(connection, null);
        socket.once('close', () => forget(connection));
        if (bySocket.size <= bounds.connections) return;
        const victim = nextToGiveWay() ?? connection;
        forget(victim);
        victim.socket.destroy();
      });
    },
    begin(req, res) {
      const connection = bySocket.get(req.socket);
      if (connection === undefined) return;
      connection.underWay += 1;
      res.once('close', () => {
        connection.underWay -= 1;
        if (connection.by === null || !bySocket.has(connection.socket)) return;
        leave(connection);
        enter(connection, connection.by);
      });
      const { shouldKeepAlive } = res;
      res.shouldKeepAlive = false;
      connection.keep = () => (res.shouldKeepAlive = shouldKeepAlive);
    },
    identify(req, by) {
      const connection = bySocket.get(req.socket);
      if (connection === undefined) return;
      connection.keep();
      leave(connection);
      enter(connection, by);
    },
  };
}
