import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join, normalize } from 'node:path';
import type Docker from 'dockerode';
import { onTestFinished } from 'vitest';
import { runToEnd } from '../../src/images/child-process.ts';
import { serve } from './support/rig.ts';

const SERVED = '/opt/served';

/** The names that the image's packages are served under. */
export const HOSTS = ['files', 'git', 'npm', 'pypi', 'deb', 'go', 'crates', 'index'].map(
  (name) => `${name}.example.test`,
);

/**
 * A TLS server for all hosts below `example.test`, with the certificate and the packages that the image of tools brings:
 * files, and one git repo over smart HTTP. Resolves with its port; gone at the end of the test.
 */
export async function toolServer(docker: Docker, image: string): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'daypass-served-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const container = await docker.createContainer({ Image: image, Cmd: ['none'], NetworkDisabled: true });
  try {
    await runToEnd('tar', ['-x', '--no-same-owner', '-C', directory], {
      input: await container.getArchive({ path: SERVED }),
    });
  } finally {
    await container.remove({ force: true });
  }
  const [key, cert] = await Promise.all(
    ['server.key', 'server.crt'].map((name) => readFile(join(directory, 'served/tls', name))),
  );
  const hosts = join(directory, 'served/hosts');
  return serve(createServer({ key, cert }, (req, res) => void answer(req, res, hosts)));
}

async function answer(req: IncomingMessage, res: ServerResponse, hosts: string): Promise<void> {
  const host = req.headers.host ?? '';
  const { pathname, searchParams } = new URL(req.url ?? '/', 'https://any');
  if (host === 'git.example.test') return serveGit(req, res, join(hosts, host), pathname, searchParams);
  const path = join(hosts, normalize(host), normalize(pathname));
  // A directory's page; a document of npm's registry is served the same way.
  const body = await readFile(path).catch(() => readFile(join(path, 'index.html')).catch(() => null));
  if (body === null) return void res.writeHead(404).end();
  const type = pathname.includes('/simple/') && !pathname.endsWith('.whl') ? 'text/html' : 'application/octet-stream';
  res.writeHead(200, { 'content-type': host === 'npm.example.test' ? 'application/json' : type }).end(body);
}

/** git's own CGI program: https://git-scm.com/docs/git-http-backend. */
function serveGit(req: IncomingMessage, res: ServerResponse, root: string, path: string, query: URLSearchParams): void {
  const { GIT_DIR: _, ...env } = process.env;
  const cgi = spawn('git', ['-c', 'safe.directory=*', 'http-backend'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: {
      ...env,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_PROTOCOL: String(req.headers['git-protocol'] ?? ''),
      HTTP_CONTENT_ENCODING: req.headers['content-encoding'] ?? '',
      REQUEST_METHOD: req.method,
      PATH_INFO: path,
      QUERY_STRING: query.toString(),
      CONTENT_TYPE: req.headers['content-type'] ?? '',
    },
  });
  req.pipe(cgi.stdin);
  const chunks: Buffer[] = [];
  cgi.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  cgi.on('close', () => {
    const bytes = Buffer.concat(chunks);
    const end = bytes.indexOf('\r\n\r\n');
    const headers = bytes.toString('latin1', 0, end).split('\r\n');
    for (const line of headers) {
      const [name = '', value = ''] = line.split(/: (.*)/);
      if (name === 'Status') res.statusCode = Number.parseInt(value, 10);
      else res.setHeader(name, value);
    }
    res.end(bytes.subarray(end + 4));
  });
}
