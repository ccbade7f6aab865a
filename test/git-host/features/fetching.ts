import { expect } from 'vitest';
import { COMMITS, type FeatureRig } from './rig.ts';
import type { Feature } from './feature.ts';

/** Clones the seed with these options, and returns how to run git in it. */
async function clone({ client, seed, fresh }: FeatureRig, ...options: string[]) {
  const name = fresh();
  await client.git(['clone', '--quiet', ...options, seed.url, name]);
  const git = (...args: string[]): Promise<string> => client.git(args, { cwd: name });
  const count = async (ref = 'HEAD') => Number(await git('rev-list', '--count', ref));
  const missing = async () =>
    (await git('rev-list', '--objects', '--missing=print', 'HEAD')).split('\n').filter((line) => line.startsWith('?'));
  return { git, count, missing };
}

/** What the fetch command of protocol version 2 says it can. */
async function fetchFeatures({ advertised }: FeatureRig): Promise<string[]> {
  const line = (await advertised('upload-pack', 2)).find((each) => each?.startsWith('fetch='));
  return line?.slice('fetch='.length).split(' ') ?? [];
}

export const FETCHING: Feature[] = [
  {
    name: 'Clone',
    source: 'git-clone(1)',
    offered: 'yes',
    async see(rig) {
      const { git, count } = await clone(rig);
      expect(await count()).toBe(COMMITS);
      expect(await git('fsck', '--full')).toBe('');
    },
  },
  {
    name: 'Incremental fetch',
    source: 'gitprotocol-pack(5), Packfile Negotiation',
    offered: 'yes',
    async see(rig) {
      const name = rig.fresh();
      const fork = await rig.fork(name);
      await rig.client.git(['clone', '--quiet', fork.url, `${name}-reader`]);
      await fork.git('commit', '--quiet', '--allow-empty', '-m', 'One more');
      await fork.git('push', '--quiet', 'origin', 'main');
      const fetched = await rig.client.try(['fetch', '--progress'], { cwd: `${name}-reader` });
      expect(fetched.stderr).toContain('Total 1 ');
    },
  },
  {
    name: 'Shallow clone by depth, deepen, unshallow',
    source: 'gitprotocol-capabilities(5), shallow; deepen-relative',
    offered: 'yes',
    async see(rig) {
      const { git, count } = await clone(rig, '--depth=3');
      expect(await count()).toBe(3);
      await git('fetch', '--quiet', '--deepen=2');
      expect(await count()).toBe(5);
      await git('fetch', '--quiet', '--unshallow');
      expect(await count()).toBe(COMMITS);
    },
  },
  {
    name: 'Shallow clone by date',
    source: 'gitprotocol-capabilities(5), deepen-since',
    offered: 'yes',
    async see(rig) {
      const { count } = await clone(rig, '--shallow-since=2026-01-09T12:00:00Z');
      expect(await count()).toBe(COMMITS - 9);
    },
  },
  {
    name: 'Shallow clone without what another ref has',
    source: 'gitprotocol-capabilities(5), deepen-not',
    offered: 'yes',
    async see(rig) {
      const { count } = await clone(rig, '--shallow-exclude=side');
      expect(await count()).toBe(3);
    },
  },
  {
    name: 'Partial clone without blobs, which are fetched when they are looked at',
    source: 'git-clone(1), --filter; gitprotocol-capabilities(5), filter',
    offered: 'yes',
    async see(rig) {
      const { git, missing } = await clone(rig, '--filter=blob:none', '--no-checkout');
      expect((await missing()).length).toBe(COMMITS);
      expect(await git('show', 'HEAD~5:dir/file.txt')).toContain('line 6');
      expect((await missing()).length).toBe(COMMITS - 1);
    },
  },
  {
    name: 'Partial clone without large blobs',
    source: 'git-rev-list(1), --filter=blob:limit',
    offered: 'yes',
    async see(rig) {
      const { missing } = await clone(rig, '--filter=blob:limit=8k', '--no-checkout');
      const left = (await missing()).length;
      expect([left > 0, left < COMMITS]).toEqual([true, true]);
    },
  },
  {
    name: 'Partial clone without trees',
    source: 'git-rev-list(1), --filter=tree',
    offered: 'yes',
    async see(rig) {
      const { git, missing } = await clone(rig, '--filter=tree:0', '--no-checkout');
      expect((await missing()).length).toBeGreaterThanOrEqual(COMMITS);
      await git('checkout', '--quiet', 'main');
    },
  },
  {
    name: 'Partial clone by a sparse pattern, or of one type of object',
    source:
      'git-rev-list(1), --filter=sparse:oid, --filter=object:type; git-config(1), uploadpackfilter.<filter>.allow',
    offered: 'no',
    note: 'a pattern costs as much of a processor as a client likes',
    async see(rig) {
      for (const filter of ['sparse:oid=HEAD:dir/file.txt', 'object:type=blob', 'combine:tree:0+object:type=blob']) {
        await expect(clone(rig, `--filter=${filter}`, '--no-checkout')).rejects.toThrow('not supported');
      }
    },
  },
  {
    name: 'Single branch, and a branch by name',
    source: 'git-clone(1), --single-branch, --branch',
    offered: 'yes',
    async see(rig) {
      const { git } = await clone(rig, '--single-branch', '--branch=side');
      expect(await git('for-each-ref', '--format=%(refname)', 'refs/remotes')).toBe('refs/remotes/origin/side');
    },
  },
  {
    name: 'Any commit by its name, reachable or not',
    source: 'git-config(1), uploadpack.allowAnySHA1InWant',
    offered: 'yes',
    note: 'what a forced push or deletion left behind is there for two weeks at least',
    async see(rig) {
      const fork = await rig.fork(rig.fresh());
      await fork.git('commit', '--quiet', '--allow-empty', '-m', 'Lost');
      const lost = await fork.git('rev-parse', 'HEAD');
      await fork.git('push', '--quiet', 'origin', 'main:lost');
      await fork.git('push', '--quiet', 'origin', ':lost');
      const name = rig.fresh();
      await rig.client.git(['init', '--quiet', name]);
      await rig.client.git(['fetch', '--quiet', '--depth=1', fork.url, lost], { cwd: name });
      expect(await rig.client.git(['rev-parse', 'FETCH_HEAD'], { cwd: name })).toBe(lost);
    },
  },
  {
    name: 'Annotated tags come with what they point to',
    source: 'gitprotocol-capabilities(5), include-tag',
    offered: 'yes',
    async see(rig) {
      const { git } = await clone(rig, '--single-branch', '--branch=main');
      expect(await git('cat-file', '-t', 'annotated')).toBe('tag');
    },
  },
  {
    name: 'Small packs: ofs-delta, thin-pack',
    source: 'gitprotocol-capabilities(5), ofs-delta, thin-pack',
    offered: 'yes',
    async see({ advertised }) {
      const capabilities = (await advertised('upload-pack', 0))[2]?.split('\0')[1]?.split(' ');
      expect(capabilities).toEqual(expect.arrayContaining(['ofs-delta', 'thin-pack']));
    },
  },
  {
    name: 'Fewer rounds of negotiation: multi_ack_detailed, no-done',
    source: 'gitprotocol-capabilities(5), multi_ack_detailed, no-done',
    offered: 'yes',
    async see({ advertised }) {
      const capabilities = (await advertised('upload-pack', 0))[2]?.split('\0')[1]?.split(' ');
      expect(capabilities).toEqual(expect.arrayContaining(['multi_ack_detailed', 'no-done']));
    },
  },
  {
    name: 'Progress on the side band',
    source: 'gitprotocol-capabilities(5), side-band-64k, no-progress',
    offered: 'yes',
    async see({ client, seed, fresh }) {
      const cloned = await client.try(['clone', '--progress', seed.url, fresh()]);
      expect(cloned.stderr).toContain('remote: Enumerating objects');
    },
  },
  {
    name: 'wait-for-done',
    source: 'gitprotocol-v2(5), fetch',
    offered: 'yes',
    async see(rig) {
      expect(await fetchFeatures(rig)).toContain('wait-for-done');
      const { git } = await clone(rig);
      const tip = await git('rev-parse', 'HEAD');
      const common = await git('fetch', '--negotiate-only', '--negotiation-tip=HEAD', 'origin');
      expect(common.split('\n')).toContain(tip);
    },
  },
  {
    name: 'Wants by name of ref',
    source: 'gitprotocol-v2(5), ref-in-want; uploadpack.allowRefInWant',
    offered: 'no',
    async see(rig) {
      expect(await fetchFeatures(rig)).not.toContain('ref-in-want');
    },
  },
  {
    name: 'Pack files from elsewhere',
    source: 'gitprotocol-v2(5), packfile-uris',
    offered: 'no',
    async see(rig) {
      expect(await fetchFeatures(rig)).not.toContain('packfile-uris');
    },
  },
  {
    name: 'Archives',
    source: 'git-archive(1), --remote',
    offered: 'no',
    note: 'git refuses it over HTTP by itself; what asks all the same is answered 501 and told to clone',
    async see({ client, seed, request }) {
      const archived = await client.try(['archive', `--remote=${seed.url}`, 'HEAD']);
      expect([archived.exitCode, archived.stderr]).toEqual([128, expect.stringContaining('not supported by protocol')]);
      const answer = await request('/git-upload-archive', { method: 'POST' });
      expect([answer.status, await answer.text()]).toEqual([501, expect.stringContaining('git clone --depth 1')]);
    },
  },
];
