import { randomUUID } from 'node:crypto';
import { describeTokenProvider } from '../contracts/token-provider.ts';
import { createFakeTokenProvider } from '../fakes/fake-token-provider.ts';

describeTokenProvider('the fake', async () => {
  let passedMs = 0;
  const provider = createFakeTokenProvider({ now: () => Date.now() + passedMs });
  const repos: [string, string] = [randomUUID(), randomUUID()];
  repos.forEach((repoId) => provider.addRepo(repoId));
  return {
    provider,
    repos,
    pass: async (seconds) => {
      passedMs += seconds * 1000;
    },
    close: async () => undefined,
  };
});
