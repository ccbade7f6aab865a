import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** The machine's engine over TLS, for clients with a certificate of its authority and for nobody else. */
export interface TlsEngine extends AsyncDisposable {
  /** As DOCKER_HOST takes it. */
  host: string;
  /** What DOCKER_CERT_PATH may name: ca.pem, cert.pem, key.pem. */
  certDir: string;
  /** The same, of another authority. */
  strangersCertDir: string;
}

export async function startTlsEngine(engine = '/var/run/docker.sock'): Promise<TlsEngine> {
  const dir = await mkdtemp(join(tmpdir(), 'dp-tls-'));
  const [own, other] = [await makeCertificates(join(dir, 'own')), await makeCertificates(join(dir, 'other'))];
  const server = createServer({ ...own.pem, requestCert: true, rejectUnauthorized: true }, (client) => {
    const upstream = connect({ path: engine, allowHalfOpen: true });
    client.on('error', () => upstream.destroy()).pipe(upstream);
    upstream.on('error', () => client.destroy()).pipe(client);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    certDir: own.dir,
    strangersCertDir: other.dir,
    async [Symbol.asyncDispose]() {
      server.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** An authority, and one certificate of it that serves as the engine's and as a client's. */
async function makeCertificates(dir: string): Promise<{ dir: string; pem: { ca: string; cert: string; key: string } }> {
  await mkdir(dir);
  const openssl = (...args: string[]): Promise<unknown> => run('openssl', args, { cwd: dir });
  const forCa = ['-subj', '/CN=Authority of a test', '-addext', 'keyUsage=critical,keyCertSign'];
  await openssl('req', '-x509', ...NEW_KEY, '-days', '2', ...forCa, '-keyout', 'ca-key.pem', '-out', 'ca.pem');
  await openssl('req', ...NEW_KEY, '-subj', '/CN=An engine', '-keyout', 'key.pem', '-out', 'request.pem');
  await writeFile(join(dir, 'ext'), 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n');
  const signing = ['-CA', 'ca.pem', '-CAkey', 'ca-key.pem', '-CAcreateserial', '-days', '2', '-extfile', 'ext'];
  await openssl('x509', '-req', '-in', 'request.pem', ...signing, '-out', 'cert.pem');
  const read = (name: string): Promise<string> => readFile(join(dir, name), 'utf8');
  return { dir, pem: { ca: await read('ca.pem'), cert: await read('cert.pem'), key: await read('key.pem') } };
}
