import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A repo host that is another one behind a port of its own, and tells what it is asked with. */
export interface RepoHostProxy extends AsyncDisposable {
  /** With /v1. */
  readonly url: string;
  /** Where requests go, with /v1; to be set before the first. */
  target: string;
  /** Values of git's credentials that it has seen. */
  readonly seen: ReadonlySet<string>;
}

/** `redirect` gives where a path is sent instead, or null. */
export async function openRepoHostProxy(
  redirect: (path: string) => string | null = () => null,
): Promise<RepoHostProxy> {
  const seen = new Set<string>();
  let target = '';
  const server = createServer((req, res) => {
    const { method, headers, url = '' } = req;
    const [, basic] = /^Basic (.+)$/.exec(headers.authorization ?? '') ?? [];
    if (basic !== undefined)
      seen.add(
        Buffer.from(basic, 'base64')
          .toString()
          .replace(/^[^:]*:/, ''),
      );
    const location = redirect(url);
    if (location !== null) return void res.writeHead(302, { location }).end();
    const { hostname, port } = new URL(target);
    const onward = request({ hostname, port, path: url, method, headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
    });
    onward.on('error', () => res.destroy());
    req.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    get target() {
      return target;
    },
    set target(url) {
      target = url;
    },
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}
