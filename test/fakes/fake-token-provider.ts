import { randomBytes } from 'node:crypto';
import { ProviderError, type TokenProvider } from '../../src/token/provider.ts';
import type { RepoGrant } from '../../src/token/record.ts';
import { Secret } from '../../src/token/secret.ts';

interface LiveToken {
  grants: RepoGrant[];
  expiresAtMs: number;
}

/** A repo host in memory. Its `fail` hooks let a test break one call at a time. */
export interface FakeTokenProvider extends TokenProvider {
  addRepo(repoId: string): void;
  /** Values that open something right now. */
  liveValues(): string[];
  /** Calls so far, such as `mint`, in order. */
  readonly calls: string[];
  /** Thrown by the next calls of that name, before they do anything. */
  failNext(call: 'mint' | 'delete' | 'isRefused', error: ProviderError, times?: number): void;
  /** Awaited inside the next call of that name, once the call has had its effect: what happens before its answer. */
  beforeNextAnswer(call: 'mint' | 'delete' | 'isRefused', happening: () => Promise<unknown>): void;
  /** The provider is well again. */
  forgetFailures(): void;
  /** The next deletions are confirmed but do nothing. */
  confirmWithoutDeleting(times: number): void;
  /** The end that it gives with every token from now on. */
  saysItEnds(expiresAt: string): void;
}

export function createFakeTokenProvider({ now = Date.now }: { now?: () => number } = {}): FakeTokenProvider {
  const repos = new Set<string>();
  const tokens = new Map<string, LiveToken>();
  const failures: { call: string; error: ProviderError }[] = [];
  const calls: string[] = [];
  const happenings: { call: string; happening: () => Promise<unknown> }[] = [];
  let emptyDeletions = 0;
  let saidEnd: string | null = null;

  const enter = (call: string): void => {
    calls.push(call);
    const index = failures.findIndex((failure) => failure.call === call);
    const [failure] = index === -1 ? [] : failures.splice(index, 1);
    if (failure !== undefined) throw failure.error;
  };
  const answer = async (call: string): Promise<void> => {
    const index = happenings.findIndex((waiting) => waiting.call === call);
    if (index !== -1) await happenings.splice(index, 1)[0]?.happening();
  };
  const isLive = (value: string): boolean => (tokens.get(value)?.expiresAtMs ?? 0) > now();

  return {
    name: 'fake',
    host: 'https://fake.invalid',
    canRestrictAccess: true,
    calls,
    addRepo: (repoId) => void repos.add(repoId),
    liveValues: () => [...tokens.keys()].filter(isLive),
    failNext: (call, error, times = 1) => {
      for (let i = 0; i < times; i++) failures.push({ call, error });
    },
    beforeNextAnswer: (call, happening) => void happenings.push({ call, happening }),
    forgetFailures: () => void failures.splice(0),
    confirmWithoutDeleting: (times) => {
      emptyDeletions = times;
    },
    saysItEnds: (expiresAt) => {
      saidEnd = expiresAt;
    },
    async mint({ grants, ttlSeconds }) {
      enter('mint');
      const missing = grants.find(({ repoId }) => !repos.has(repoId));
      if (missing !== undefined) throw new ProviderError('not_found', `repo ${missing.repoId} not found`);
      const value = `fake-${randomBytes(20).toString('hex')}`;
      const expiresAtMs = now() + ttlSeconds * 1000;
      tokens.set(value, { grants, expiresAtMs });
      await answer('mint');
      return { value: new Secret(value), expiresAt: saidEnd ?? new Date(expiresAtMs).toISOString() };
    },
    async delete(value) {
      enter('delete');
      if (emptyDeletions > 0) emptyDeletions--;
      else tokens.delete(value.reveal());
      await answer('delete');
    },
    async isRefused(value, repoIds) {
      enter('isRefused');
      await answer('isRefused');
      const grants = tokens.get(value.reveal())?.grants ?? [];
      return !isLive(value.reveal()) || !grants.some(({ repoId }) => repoIds.includes(repoId));
    },
    access: (value, repoIds) => ({
      env: {},
      secretEnv: { REPO_TOKEN: value },
      repoOrigin: 'http://127.0.0.1:1',
      cloneUrls: Object.fromEntries(repoIds.map((id) => [id, `http://127.0.0.1:1/${id}.git`])),
    }),
  };
}
