import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the host does with a call. */
export type Behaviour =
  | 'well'
  | 'error_500'
  /** 429 with `Retry-After` in seconds, and as a date. */
  | 'busy_seconds'
  | 'busy_date'
  | 'unauthorized'
  /** Takes the call and never answers. */
  | 'hang'
  /** Does what it was asked and breaks the connection instead of answering. */
  | 'reset_after_commit'
  /** Promises more than it sends. */
  | 'half_body'
  /** Confirms a deletion and deletes nothing. */
  | 'lie'
  /** Something else in its place: 404, whatever is asked. */
  | 'nothing_there';

export interface RepoHostSwitch extends AsyncDisposable {
  /** With /v1. */
  readonly url: string;
  readonly live: Set<string>;
  /** Deletions asked for so far, by token. */
  readonly deletions: Map<string, number>;
  /** From now on; of one token only when one is named. null: as the others. */
  behave(behaviour: Behaviour | null, token?: string): void;
}

export const RETRY_AFTER_SECONDS = 3;

/** The part of a repo host's API that deletes tokens and refuses them, over real HTTP, behind a switch. */
export async function openRepoHostSwitch(): Promise<RepoHostSwitch> {
  const live = new Set<string>();
  const deletions = new Map<string, number>();
  const own = new Map<string, Behaviour>();
  let all: Behaviour = 'well';

  const answer = (req: IncomingMessage, res: ServerResponse): void => {
    const json = (status: number, body: unknown, headers = {}): unknown =>
      res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
    const isDeletion = req.method === 'DELETE';
    const bearer = (req.headers.authorization ?? '').replace('Bearer ', '');
    const token = isDeletion ? (req.url ?? '').split('/').at(-1)! : bearer;
    if (isDeletion) deletions.set(token, (deletions.get(token) ?? 0) + 1);
    const behaviour = own.get(token) ?? all;
    const until = new Date(Date.now() + RETRY_AFTER_SECONDS * 1000).toUTCString();
    switch (behaviour) {
      case 'error_500':
        return void json(500, { error: 'broken' });
      case 'busy_seconds':
        return void json(429, { error: 'busy' }, { 'retry-after': `${RETRY_AFTER_SECONDS}` });
      case 'busy_date':
        return void json(429, { error: 'busy' }, { 'retry-after': until });
      case 'unauthorized':
        // Our own key is refused; what the token may do is another matter.
        return void (isDeletion ? json(401, { error: 'unknown key' }) : json(200, { repo_id: 'x' }));
      case 'hang':
        return;
      case 'reset_after_commit':
        if (isDeletion) live.delete(token);
        return void req.socket.destroy();
      case 'half_body':
        res.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' }).write('{"repo_id"');
        return void setTimeout(() => req.socket.destroy(), 20);
      case 'lie':
        return void (isDeletion ? res.writeHead(204).end() : json(200, { repo_id: 'x' }));
      case 'nothing_there':
        return void json(404, { error: 'not found' });
      case 'well':
        if (!isDeletion) return void (live.has(token) ? json(200, { repo_id: 'x' }) : json(401, { error: 'unknown' }));
        return void (live.delete(token) ? res.writeHead(204).end() : json(404, { error: 'token not found' }));
    }
  };

  const server = createServer((req, res) => {
    req.resume();
    answer(req, res);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    live,
    deletions,
    behave(behaviour, token) {
      if (token === undefined) all = behaviour ?? 'well';
      else if (behaviour === null) own.delete(token);
      else own.set(token, behaviour);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}
