import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Relace } from '@relace-ai/relace';
import { pino } from 'pino';
import { startGitHost, type GitHostOptions, type RunningGitHost } from '../../../src/git-host/start.ts';
import { Secret } from '../../../src/token/secret.ts';

export const ACCOUNT_KEY = 'account-key-of-the-tests';

export interface TestHost extends AsyncDisposable {
  /** With /v1. */
  readonly url: string;
  readonly dataDir: string;
  /** Everything it logged, as text. */
  logged(): string;
  /** The SDK with the account's key, or with a token. It does not retry, so that a test sees each answer. */
  sdk(apiKey?: string): Relace;
  /** A repo's clone URL; with a credential in it as `token:VALUE@` when one is given. */
  cloneUrl(repoId: string, credential?: string): string;
  repoDir(repoId: string): string;
  /** A token by REST, since the SDK's types know neither `ttl_seconds` nor `access`. */
  mint(body: { repo_ids: string[]; name?: string; ttl_seconds?: number; access?: unknown }): Promise<string>;
  /** One REST request; a body that is no string is sent as JSON. */
  call(method: string, path: string, options?: { key?: string | null; body?: unknown }): Promise<Answer>;
  /** Ends the process' part and starts it anew on the same data, at a new port. */
  restart(): Promise<void>;
}

interface Answer {
  status: number;
  headers: Headers;
  body: unknown;
}

/** A real git host on a port and directory of its own, a copy of `from`. Dispose of it with `await using`. */
export async function openTestHost(hostOptions: Partial<GitHostOptions> = {}, from?: string): Promise<TestHost> {
  const dataDir = await mkdtemp(join(tmpdir(), 'git-host-test-'));
  if (from !== undefined) await cp(from, dataDir, { recursive: true });
  const lines: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  const accountKeys = [new Secret('another-account-key'), new Secret(ACCOUNT_KEY)];
  const start = (): Promise<RunningGitHost> =>
    startGitHost({
      listen: { host: '127.0.0.1', port: 0 },
      dataDir,
      accountKeys,
      importHosts: [],
      transfers: 8,
      log,
      ...hostOptions,
    });
  let running = await start();

  const call: TestHost['call'] = async (method, path, options = {}) => {
    const { key = ACCOUNT_KEY, body } = options;
    const response = await fetch(`${running.url}${path}`, {
      method,
      ...(key !== null && { headers: { authorization: `Bearer ${key}` } }),
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) };
  };

  return {
    get url() {
      return running.url;
    },
    dataDir,
    logged: () => lines.join(''),
    sdk: (apiKey = ACCOUNT_KEY) => new Relace({ apiKey, baseURL: running.url, maxRetries: 0 }),
    cloneUrl(repoId, credential) {
      const url = new URL(`${running.url}/repo/${repoId}.git`);
      if (credential !== undefined) Object.assign(url, { username: 'token', password: credential });
      return url.href;
    },
    repoDir: (repoId) => join(dataDir, 'repos', `${repoId}.git`),
    call,
    async mint(body) {
      const answer = await call('POST', '/repo_token', { body: { name: 'test', ...body } });
      if (answer.status !== 201) throw new Error(`minting was refused: ${JSON.stringify(answer)}`);
      return (answer.body as { token: string }).token;
    },
    async restart() {
      await running.close();
      running = await start();
    },
    async [Symbol.asyncDispose]() {
      await running.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Creates a repo by the SDK and returns its id and head. */
export async function createRepo(host: TestHost, files: Record<string, string>): Promise<{ id: string; head: string }> {
  const list = Object.entries(files).map(([filename, content]) => ({ filename, content }));
  const repo = await host.sdk().repo.create({ source: { type: 'files', files: list } });
  return { id: repo.repo_id, head: repo.repo_head };
}

export async function createEmptyRepo(host: TestHost): Promise<string> {
  return (await host.sdk().repo.create({})).repo_id;
}
