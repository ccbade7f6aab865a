import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MintRequest, TokenProvider } from '../../src/token/provider.ts';
import { Secret } from '../../src/token/secret.ts';

/** A provider with two repos, and a way to let time pass. */
export interface ProviderHarness {
  provider: TokenProvider;
  repos: [string, string];
  /** Resolves when so many seconds have passed for the provider. */
  pass(seconds: number): Promise<void>;
  close(): Promise<void>;
}

/** What every `TokenProvider` does; run on the fake and on the real ones alike. */
export function describeTokenProvider(name: string, open: () => Promise<ProviderHarness>): void {
  describe(`${name} keeps the contract of a token provider`, () => {
    let harness: ProviderHarness;
    beforeAll(async () => {
      harness = await open();
    });
    afterAll(() => harness.close());

    const signal = (): AbortSignal => AbortSignal.timeout(10_000);
    const request = (over: Partial<MintRequest> = {}): MintRequest => ({
      name: 'daypass test',
      grants: [{ repoId: harness.repos[0], access: 'write' }],
      ttlSeconds: 60,
      signal: signal(),
      ...over,
    });

    it('mints a token that opens exactly its repos', async () => {
      const { value, expiresAt } = await harness.provider.mint(request());
      expect(await harness.provider.isRefused(value, [harness.repos[0]], signal())).toBe(false);
      expect(await harness.provider.isRefused(value, [harness.repos[1]], signal())).toBe(true);
      expect(Math.abs(Date.parse(expiresAt ?? '') - Date.now() - 60_000)).toBeLessThan(10_000);
    });

    it('gives another value at each minting, and one token for several repos', async () => {
      const grants = harness.repos.map((repoId) => ({ repoId, access: 'write' as const }));
      const [a, b] = [
        await harness.provider.mint(request({ grants })),
        await harness.provider.mint(request({ grants })),
      ];
      expect(a.value.reveal()).not.toBe(b.value.reveal());
      for (const repoId of harness.repos)
        expect(await harness.provider.isRefused(a.value, [repoId], signal())).toBe(false);
    });

    it('refuses a deleted token at once, and takes a second deletion as a success', async () => {
      const { value } = await harness.provider.mint(request());
      await harness.provider.delete(value, signal());
      expect(await harness.provider.isRefused(value, [harness.repos[0]], signal())).toBe(true);
      await expect(harness.provider.delete(value, signal())).resolves.toBeUndefined();
    });

    it('refuses a token when its time is over', async () => {
      const { value } = await harness.provider.mint(request({ ttlSeconds: 1 }));
      await harness.pass(1.2);
      expect(await harness.provider.isRefused(value, [harness.repos[0]], signal())).toBe(true);
    });

    it('says that a repo is not known, and mints nothing', async () => {
      const repoId = randomUUID();
      const minting = harness.provider.mint(request({ grants: [{ repoId, access: 'write' }] }));
      await expect(minting).rejects.toMatchObject({ name: 'ProviderError', kind: 'not_found' });
    });

    it('refuses a value that nobody minted', async () => {
      const invented = new Secret('rlcr-0000000000000000000000000000000000000000');
      expect(await harness.provider.isRefused(invented, [harness.repos[0]], signal())).toBe(true);
    });

    it('gives a sandbox the token in REPO_TOKEN and clone URLs that do not hold it', async () => {
      const { value } = await harness.provider.mint(request());
      const access = harness.provider.access(value, harness.repos);
      expect(access.secretEnv['REPO_TOKEN']?.reveal()).toBe(value.reveal());
      expect(Object.keys(access.cloneUrls)).toEqual(harness.repos);
      expect(JSON.stringify(access.cloneUrls)).not.toContain(value.reveal());
    });
  });
}
