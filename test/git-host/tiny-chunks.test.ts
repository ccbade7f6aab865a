import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dialUrl, sendTinyChunks } from '../support/tiny-chunks.ts';
import { startHostProcess } from './support/host-process.ts';
import { send, watchHost } from './support/watch-host.ts';

const KEY = 'account-key-of-tiny-chunks';
const CONNECTIONS = 64;
/** The host's own process, whatever it is sent. */
const MAX_HOST_MB = 200;
/** A fraction of a second on a machine of one's own. */
const MAX_BESIDE_MS = 10_000;

let url: string;
let pid: number;
let repoId: string;
const cleanup = new AsyncDisposableStack();

beforeAll(async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'git-host-chunks-'));
  cleanup.defer(() => rm(dataDir, { recursive: true, force: true }));
  const { child, url: base } = await startHostProcess(cleanup, { dataDir, key: KEY });
  [url, pid] = [base, child.pid ?? 0];
  const { body } = await send({ url, key: KEY }, 'POST', '/repo', { body: '{}' });
  repoId = (JSON.parse(body) as { repo_id: string }).repo_id;
});
afterAll(() => cleanup.disposeAsync());

test.each([
  ['a call that reads no body', 'GET /clone', true],
  ['an update without a credential', 'POST /update', false],
  ['an update', 'POST /update', true],
  ['a fetch of git', 'POST .git/git-upload-pack', true],
  ['a push of git', 'POST .git/git-receive-pack', true],
])(
  '%s with bodies in chunks of a byte takes little memory, and a call beside is answered',
  async (_what, call, hasKey) => {
    const watched = watchHost({ url, pid, key: KEY, repoId });
    const [method, path = ''] = call.split(' ');
    const { pathname, host } = new URL(`${url}/repo/${repoId}${path}`);
    const head = [`${method} ${pathname} HTTP/1.1`, `Host: ${host}`];
    if (hasKey) head.push(`Authorization: Bearer ${KEY}`);
    const answers = await sendTinyChunks(() => dialUrl(url), head.join('\r\n'), CONNECTIONS);
    const { peakMb, longestMs, rounds } = await watched.stop();
    for (const answer of answers) expect(answer).toMatch(hasKey ? /^HTTP\/1\.1 (200|4)|^$/ : /^HTTP\/1\.1 401|^$/);
    expect(rounds).toBeGreaterThan(0);
    expect(peakMb).toBeLessThan(MAX_HOST_MB);
    expect(longestMs).toBeLessThan(MAX_BESIDE_MS);
  },
  120_000,
);
