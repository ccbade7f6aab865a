import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer } from 'node:https';
import { connect, createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createUpstream } from '../../../src/egress/git/upstream.ts';
import { Secret } from '../../../src/token/secret.ts';
import { serve } from '../support/rig.ts';

const run = promisify(execFile);

/** A host over TLS whose certificate nobody has signed but itself; gives its port, its certificate, and what it was asked with. */
async function secureHost(): Promise<{ port: number; certificate: string; asked: (string | undefined)[] }> {
  const dir = await mkdtemp(join(tmpdir(), 'daypass-tls-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const [key, certificate] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  const subject = ['-subj', '/CN=repo.test', '-addext', 'subjectAltName=DNS:repo.test'];
  await run('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    key,
    '-out',
    certificate,
    ...subject,
  ]);
  const asked: (string | undefined)[] = [];
  const server = createServer({ key: await readFile(key), cert: await readFile(certificate) }, (req, res) => {
    asked.push(req.headers.authorization);
    res.end('well');
  });
  return { port: await serve(server), certificate, asked };
}

test('a host over https that cannot prove its name is not shown the credential', async () => {
  const { port, asked } = await secureHost();
  const upstream = createUpstream(async () => connect(port, '127.0.0.1'));
  const url = new URL('https://repo.test/r.git/info/refs');
  const call = { method: 'GET', url, headers: {}, credential: new Secret('obviously-fake') } as const;
  await expect(upstream({ ...call, signal: AbortSignal.timeout(5_000) })).rejects.toThrow(/self-signed/);
  expect(asked).toEqual([]);
});

test.each([
  ['repo.test', 'answered 200'],
  ['other.test', 'refused'],
])(
  'a host over https whose certificate is trusted for another name is refused; asked as %s it %s',
  async (name, outcome) => {
    const { port, certificate, asked } = await secureHost();
    const script = `
    import { connect } from 'node:net';
    import { createUpstream } from ${JSON.stringify(new URL('../../../src/egress/git/upstream.ts', import.meta.url).href)};
    import { Secret } from ${JSON.stringify(new URL('../../../src/token/secret.ts', import.meta.url).href)};
    const upstream = createUpstream(async () => connect(${port}, '127.0.0.1'));
    const call = { method: 'GET', url: new URL('https://${name}/r'), headers: {}, credential: new Secret('fake') };
    await upstream({ ...call, signal: AbortSignal.timeout(5000) }).then(
      (answer) => { console.log('answered ' + answer.statusCode); answer.resume(); },
      () => console.log('refused'));`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], {
      env: { NODE_EXTRA_CA_CERTS: certificate },
    });
    expect(stdout.trim()).toBe(outcome);
    expect(asked).toEqual(outcome === 'refused' ? [] : [`Basic ${Buffer.from('token:fake').toString('base64')}`]);
  },
);

/** The bytes of a client that has hung up already. */
async function* brokenOff(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('0032');
  throw new Error('aborted');
}

/** A host that takes connections and never answers. */
const silentHost = (): Promise<number> => serve(createTcpServer());

describe('a client that hangs up', () => {
  const url = new URL('http://repo.test/r.git/git-upload-pack');
  const call = { method: 'POST', url, headers: {}, credential: new Secret('fake') } as const;
  const connected = async (port: number): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  };

  // Each of these used to leave a rejected promise that nobody held, which ends the process.
  test.each<[string, () => AsyncIterable<Uint8Array> | undefined]>([
    ['with a body', brokenOff],
    ['without one', () => undefined],
  ])('is told so, and nothing stays open, before and while the host is dialled: %s', async (_how, bodyOf) => {
    const port = await silentHost();
    for (const when of ['before', 'while'] as const) {
      const gone = new AbortController();
      const opened: Socket[] = [];
      const upstream = createUpstream(async () => {
        opened.push(await connected(port));
        if (when === 'while') gone.abort(new Error('the client went away'));
        return opened[0]!;
      });
      if (when === 'before') gone.abort(new Error('the client went away'));
      const body = bodyOf();
      const asked = upstream({ ...call, signal: gone.signal, ...(body && { body }) });
      await expect(asked).rejects.toThrow('the client went away');
      expect(opened.every(({ destroyed }) => destroyed)).toBe(true);
    }
  });

  test('ends the connection to the host at every moment of the request', async () => {
    const port = await silentHost();
    for (let waitMs = 0; waitMs < 4; waitMs++) {
      const socket = await connected(port);
      const gone = new AbortController();
      setTimeout(() => gone.abort(new Error('the client went away')), waitMs);
      const upstream = createUpstream(async () => socket);
      await expect(upstream({ ...call, signal: gone.signal })).rejects.toThrow();
      await expect.poll(() => socket.destroyed).toBe(true);
    }
  });
});
