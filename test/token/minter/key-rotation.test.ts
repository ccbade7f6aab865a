import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allTokens } from '../../../src/store/listing.ts';
import { readMinterFacts } from '../../../src/store/minter-facts.ts';
import { change, readSession, readToken } from '../../../src/store/records.ts';
import { createMinterClient } from '../../../src/token/minter/client.ts';
import { createKeysClient } from '../../../src/token/minter/keys-client.ts';
import { requestPublicKey, sealSecrets } from '../../../src/token/request-secrets.ts';
import { formatSealKeys } from '../../../src/token/seal-keys.ts';
import { createKeyRing, keyIdOf, type SealKey } from '../../../src/token/sealing.ts';
import { Secret } from '../../../src/token/secret.ts';
import { eventually } from '../../support/eventually.ts';
import { startProcess, type TestProcess } from '../../support/processes.ts';
import { aSession, aToken } from '../../support/records.ts';
import { runDaypass } from '../../support/run-daypass.ts';
import { useTestRedis } from '../../support/redis.ts';

const MAIN = 'src/token/minter/main.ts';
const SESSIONS = 40;
const soon = (): AbortSignal => AbortSignal.timeout(20_000);
const k1: SealKey = { id: 'k1', key: new Secret(randomBytes(32).toString('base64')) };

describe('the seal keys of a minter that runs', () => {
  const own = useTestRedis();
  let dir: string;
  let minter: TestProcess;
  let ids: { sessionId: string; tokenId: string; sandboxId: string; value: string }[];
  let env: Record<string, string>;
  const file = (): string => join(dir, 'data', 'ring');
  const start = (over: Record<string, string> = {}) => startProcess(MAIN, { ...env, ...over }, 'minter ready');
  const keys = (...args: string[]) => runDaypass(['keys', ...args], env);
  const client = () => createMinterClient(join(dir, 'run', 'minter.sock'));

  /** A running session that has its token, and its request had a secret, both sealed with k1. */
  async function runningSession(n: number) {
    const [sessionId, tokenId, sandboxId] = [`ses_${n}`, `tok_${n}`, `sbx_${n}`];
    const value = `fake-value-${randomUUID()}`;
    const sealed = createKeyRing([k1]).seal(new Secret(value), tokenId);
    const later = new Date(Date.now() + 3_600_000).toISOString();
    const now = new Date().toISOString();
    const sealedSecrets = await sealSecrets(await requestPublicKey(k1), 'k1', sessionId, { KEY: value });
    const sandbox = { id: sandboxId, image: 'i', engine: 'engine-1', claimedAt: now, removedAt: null };
    await change(own.redis, { sessionId, tokenId }, () => ({
      session: aSession({ id: sessionId, status: 'running', tokenId, deadlineAt: later, sealedSecrets, sandbox }),
      token: aToken({
        id: tokenId,
        sessionId,
        state: 'active',
        minter: 'one',
        sealed,
        mintedAt: now,
        expiresAt: later,
      }),
    }));
    return { sessionId, tokenId, sandboxId, value };
  }

  /** Every session's values are what they were; throws when one is not. */
  async function openAll(): Promise<void> {
    const asking = client();
    try {
      for (const { sessionId, sandboxId, value } of ids) {
        const { access, secrets } = await asking.open(sessionId, sandboxId, 'deliver', soon());
        expect([access.secretEnv['REPO_TOKEN']?.reveal(), secrets['KEY']?.reveal()]).toEqual([value, value]);
      }
    } finally {
      asking.close();
    }
  }

  /** Ids of the keys that everything sealed needs: in the ledger, in sessions, and in the spool. */
  async function keysInUse(): Promise<string[]> {
    const tokens = await allTokens(own.redis, 'active');
    const sessions = await Promise.all(ids.map(({ sessionId }) => readSession(own.redis, sessionId)));
    const files = await Promise.all(
      ids.map(({ tokenId }) => readFile(join(dir, 'data', 'spool', `${tokenId}.json`), 'utf8')),
    );
    const sealed = [
      ...tokens.map((token) => token.sealed),
      ...sessions.map((session) => session?.sealedSecrets),
      ...files.map((text) => (JSON.parse(text) as { sealed: string }).sealed),
    ];
    return [...new Set(sealed.map((text) => keyIdOf(text ?? '')))].toSorted();
  }

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'dp-keys-'));
    env = {
      PATH: process.env['PATH'] ?? '',
      DAYPASS_REDIS_URL: own.server.url,
      DAYPASS_RUN_DIR: join(dir, 'run'),
      DAYPASS_DATA_DIR: join(dir, 'data'),
      DAYPASS_RELACE_BASE_URL: 'http://127.0.0.1:1/v1',
      DAYPASS_RELACE_API_KEY: 'obviously-fake-key',
      DAYPASS_SEAL_KEYS_FILE: join(dir, 'data', 'ring'),
      DAYPASS_MINTER_NAME: 'one',
    };
    ids = await Promise.all(Array.from({ length: SESSIONS }, (_, n) => runningSession(n)));
    await mkdir(join(dir, 'data'));
    await writeFile(file(), formatSealKeys([k1]), { mode: 0o600 });
    minter = await start();
    await eventually(report, (uses) => uses.find(({ id }) => id === 'k1')?.spoolFiles === SESSIONS);
  });
  afterAll(async () => {
    await minter.end('SIGKILL');
    await rm(dir, { recursive: true, force: true });
  });

  async function report() {
    const asking = createKeysClient(join(dir, 'run', 'minter.sock'));
    try {
      return (await asking.report()).keys;
    } finally {
      asking.close();
    }
  }

  it('are listed with what needs each of them, and never shown', async () => {
    const { stdout, exitCode } = await keys();
    expect(exitCode).toBe(0);
    expect(stdout).toContain('k1  seals and opens: 40 tokens, 40 spool files, request secrets of 40 sessions');
    expect(stdout).not.toContain(k1.key.reveal());
  });

  it('are rotated while sessions run, which do not notice, and the old one can be dropped', async () => {
    const rotated = new AbortController();
    const using = (async () => {
      while (!rotated.signal.aborted) await openAll();
    })();
    const { stdout, exitCode } = await keys('rotate').finally(() => rotated.abort());
    await using;
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/k2 is the new first key[^]*k2 {2}seals and opens: 40 tokens, 40 spool files[^]*drop k1/);
    expect(await keysInUse()).toEqual(['k2']);
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect((await readMinterFacts(own.redis))?.keyId).toBe('k2');

    // A session that the API accepted with the public key of a moment ago.
    const late = await runningSession(100);
    const refused = await keys('drop', 'k1');
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('k1 is needed: 1 tokens') as string });
    ids.push(late);
    await openAll();
    expect((await keys('drop', 'k2')).stderr).toContain('k2 is the key that seals');
    expect((await keys('reseal')).exitCode).toBe(0);
    expect(await keys('drop', 'k1')).toMatchObject({ exitCode: 0 });
    expect((await readFile(file(), 'utf8')).startsWith('k2:')).toBe(true);
    expect(await readFile(file(), 'utf8')).not.toContain('k1:');
    await openAll();
  });

  it('are rotated to the end by another call when the minter is killed in the middle', async () => {
    const cut = keys('rotate');
    await eventually(
      async () => (await readMinterFacts(own.redis))?.keyId,
      (keyId) => keyId === 'k3',
      { everyMs: 1 },
    );
    await sleep(5);
    await minter.end('SIGKILL');
    expect(await cut).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('daypass keys reseal') as string });
    minter = await start();
    await openAll();
    expect((await keys('reseal')).exitCode).toBe(0);
    expect(await keysInUse()).toEqual(['k3']);
    await openAll();
  });

  it('are required: a start without one that is needed names it', async () => {
    await minter.end('SIGTERM');
    const kept = await readFile(file(), 'utf8');
    await writeFile(file(), formatSealKeys([{ ...k1, id: 'k9' }]));
    await expect(start()).rejects.toThrow(/need seal keys that the ring does not have: k3/);
    await writeFile(file(), 'k9:short');
    await expect(start()).rejects.toThrow(/DAYPASS_SEAL_KEYS_FILE must be ID:KEY/);
    await writeFile(file(), kept);
    minter = await start();
  });

  it('that come from the environment are the operator’s to change, and the command says how', async () => {
    await minter.end('SIGTERM');
    const ring = (await readFile(file(), 'utf8')).trim();
    const newest = `k7:${randomBytes(32).toString('base64')}`;
    minter = await start({ DAYPASS_SEAL_KEYS_FILE: '', DAYPASS_SEAL_KEYS: `${newest},${ring}` });
    const { stderr, exitCode } = await keys('rotate');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/DAYPASS_SEAL_KEYS[^]*restart the minter, and run: daypass keys reseal/);
    expect((await keys('reseal')).stdout).toContain('k3 is no longer needed');
    expect(await keysInUse()).toEqual(['k7']);
    await openAll();
    expect((await readToken(own.redis, ids[0]?.tokenId ?? ''))?.state).toBe('active');
  });
});
