import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gatewayReady } from '../../src/egress/policy-files.ts';
import { ACCOUNT_KEY, createEmptyRepo, openTestHost } from '../git-host/support/test-host.ts';
import { startProcess, type TestProcess } from '../support/processes.ts';
import { sendTinyChunks, watchBeside } from '../support/tiny-chunks.ts';
import { connectTo, exchange, placePolicy, tunnelTo } from './support/rig.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'egress', 'main.ts');
const CONNECTIONS = 64;
const MAX_GATEWAY_MB = 300;
/** A fraction of a second on a machine of one's own. */
const MAX_BESIDE_MS = 10_000;
const READY_MS = 20_000;
const ATTACKER = 'sbx_attacker';
const NEIGHBOUR = 'sbx_neighbour';

let gateway: TestProcess;
let repoId: string;
const sockets = new Map<string, string>();
const cleanup = new AsyncDisposableStack();

beforeAll(async () => {
  const host = cleanup.use(await openTestHost());
  repoId = await createEmptyRepo(host);
  const runDir = await mkdtemp(join(tmpdir(), 'dp-chunks-'));
  cleanup.defer(() => rm(runDir, { recursive: true, force: true }));
  const { origin, pathname } = new URL(host.url);
  const credential = {
    tokenId: 'tok_1',
    value: ACCOUNT_KEY,
    cloneUrls: { [repoId]: `${origin}${pathname}/repo/${repoId}.git` },
  };
  // In the minter's place, whose answer is all that the gateway wants of it.
  const minter = createServer((req, res) => void req.resume().once('end', () => res.end(JSON.stringify(credential))));
  minter.listen(join(runDir, 'credentials.sock'));
  cleanup.defer(() => void minter.close());
  const settings = {
    DAYPASS_RUN_DIR: runDir,
    DAYPASS_DATA_DIR: join(runDir, 'data'),
    DAYPASS_RELACE_BASE_URL: host.url,
  };
  gateway = await startProcess(MAIN, { PATH: process.env['PATH'] ?? '', ...settings }, 'gateway ready');
  cleanup.defer(() => gateway.end('SIGKILL'));
  for (const sandboxId of [ATTACKER, NEIGHBOUR]) {
    const git = { tokenId: 'tok_1', repos: [{ id: repoId, access: 'write' as const, push: null }] };
    const dir = await placePolicy(runDir, { sandboxId, sessionId: `ses_of_${sandboxId}`, allow: [], git });
    await gatewayReady(dir, READY_MS);
    sockets.set(sandboxId, join(dir, 'gateway.sock'));
  }
});
afterAll(() => cleanup.disposeAsync());

const GIT = 'git.daypass.internal';
const socketOf = (sandboxId: string): string => sockets.get(sandboxId) ?? '';
const pathOf = (suffix: string): string => `/v1/repo/${repoId}.git${suffix}`;

test.each([
  [
    'a fetch',
    (): string => pathOf('/git-upload-pack'),
    (): Promise<Socket> => tunnelTo(socketOf(ATTACKER), `${GIT}:80`),
  ],
  ['a push', () => pathOf('/git-receive-pack'), () => tunnelTo(socketOf(ATTACKER), `${GIT}:80`)],
  ['what is no git', () => '/', () => tunnelTo(socketOf(ATTACKER), `${GIT}:80`)],
  ['a request to a host that is refused', () => 'http://elsewhere.test/', () => connectTo(socketOf(ATTACKER))],
])(
  '%s with bodies in chunks of a byte takes little memory, and another sandbox is served',
  async (_what, path, dial) => {
    const beside = async (): Promise<void> => {
      const url = `http://${GIT}${pathOf('/info/refs?service=git-upload-pack')}`;
      const head = `GET ${url} HTTP/1.1\r\nHost: ${GIT}\r\nConnection: close`;
      const answer = await exchange(socketOf(NEIGHBOUR), `${head}\r\n\r\n`);
      if (!answer.startsWith('HTTP/1.1 200')) throw new Error(`another sandbox heard ${answer.slice(0, 200)}`);
    };
    const head = `POST ${path()} HTTP/1.1\r\nHost: ${GIT}`;
    let answers: string[] = [];
    const seen = await watchBeside(gateway.pid, beside, async () => {
      answers = await sendTinyChunks(dial, head, CONNECTIONS);
    });
    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 (200|4|503)|^$/);
    expect(seen.peakMb).toBeLessThan(MAX_GATEWAY_MB);
    expect(seen.longestMs).toBeLessThan(MAX_BESIDE_MS);
  },
  120_000,
);
