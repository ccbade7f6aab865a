import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** What a TLS server of the test needs, and what its clients have to trust; all PEM. */
export interface Authority {
  ca: string;
  cert: string;
  key: string;
}

/** A certificate authority of this run alone, and one certificate of it for these names. Its own key is not kept. */
export async function makeAuthority(hosts: readonly string[]): Promise<Authority> {
  const dir = await mkdtemp(join(tmpdir(), 'dp-authority-'));
  const openssl = (...args: string[]): Promise<unknown> => run('openssl', args, { cwd: dir });
  try {
    const forCa = ['-subj', '/CN=Authority of a test', '-addext', 'keyUsage=critical,keyCertSign'];
    await openssl('req', '-x509', ...NEW_KEY, '-days', '2', ...forCa, '-keyout', 'ca.key', '-out', 'ca.crt');
    await openssl('req', ...NEW_KEY, '-subj', '/CN=A model', '-keyout', 'server.key', '-out', 'server.csr');
    const names = hosts.map((host) => `DNS:${host}`).join(',');
    await writeFile(join(dir, 'ext'), `subjectAltName=${names}\nextendedKeyUsage=serverAuth\n`);
    const signing = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'ext'];
    await openssl('x509', '-req', '-in', 'server.csr', ...signing, '-out', 'server.crt');
    const read = (name: string): Promise<string> => readFile(join(dir, name), 'utf8');
    return { ca: await read('ca.crt'), cert: await read('server.crt'), key: await read('server.key') };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
