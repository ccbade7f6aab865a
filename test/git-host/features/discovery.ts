import { expect } from 'vitest';
import type { Feature } from './feature.ts';
import { createEmptyRepo } from '../support/test-host.ts';

/** How a client learns what there is. */
export const DISCOVERY: Feature[] = [
  {
    name: 'Protocol version 0',
    source: 'gitprotocol-http(5), Smart Clients',
    offered: 'yes',
    async see({ advertised, client, seed, fresh }) {
      expect((await advertised('upload-pack', 0)).slice(0, 2)).toEqual(['# service=git-upload-pack', null]);
      await client.git(['-c', 'protocol.version=0', 'clone', '--quiet', seed.url, fresh()]);
    },
  },
  {
    name: 'Protocol version 1',
    source: 'git-config(1), protocol.version',
    offered: 'yes',
    async see({ advertised, client, seed, fresh }) {
      expect((await advertised('upload-pack', 1))[2]).toBe('version 1');
      await client.git(['-c', 'protocol.version=1', 'clone', '--quiet', seed.url, fresh()]);
    },
  },
  {
    name: 'Protocol version 2',
    source: 'gitprotocol-v2(5)',
    offered: 'yes',
    async see({ advertised, client, seed, fresh }) {
      expect((await advertised('upload-pack', 2))[0]).toBe('version 2');
      await client.git(['-c', 'protocol.version=2', 'clone', '--quiet', seed.url, fresh()]);
    },
  },
  {
    name: 'Protocol version 2 for pushes',
    source: 'gitprotocol-v2(5)',
    offered: 'no',
    note: 'git has it for fetches only; a push that asks for it is answered in version 0',
    async see({ advertised }) {
      expect((await advertised('receive-pack', 2))[0]).toBe('# service=git-receive-pack');
    },
  },
  {
    name: 'ls-refs with ref-prefix',
    source: 'gitprotocol-v2(5), ls-refs',
    offered: 'yes',
    async see({ command }) {
      const refs = await command(['command=ls-refs', 'delimiter', 'ref-prefix refs/tags/']);
      expect(refs.slice(0, -1).map((line) => line?.split(' ')[1])).toEqual(['refs/tags/annotated', 'refs/tags/light']);
    },
  },
  {
    name: 'ls-refs with symrefs, and symref in version 0',
    source: 'gitprotocol-v2(5), ls-refs; gitprotocol-capabilities(5), symref',
    offered: 'yes',
    async see({ command, advertised }) {
      const [head] = await command(['command=ls-refs', 'delimiter', 'symrefs', 'ref-prefix HEAD']);
      expect(head).toContain(' HEAD symref-target:refs/heads/main');
      expect((await advertised('upload-pack', 0))[2]).toContain(' symref=HEAD:refs/heads/main');
    },
  },
  {
    name: 'ls-refs with peel',
    source: 'gitprotocol-v2(5), ls-refs',
    offered: 'yes',
    async see({ command }) {
      const [tag] = await command(['command=ls-refs', 'delimiter', 'peel', 'ref-prefix refs/tags/annotated']);
      expect(tag).toMatch(/ peeled:[0-9a-f]{40}$/);
    },
  },
  {
    name: 'Unborn HEAD',
    source: 'gitprotocol-v2(5), ls-refs, unborn',
    offered: 'yes',
    note: 'a clone of an empty repo is on the branch that its first push should make',
    async see({ host, client, fresh }) {
      const url = host.cloneUrl(await createEmptyRepo(host), 'account-key-of-the-tests');
      const name = fresh();
      await client.git(['-c', 'init.defaultBranch=elsewhere', 'clone', '--quiet', url, name]);
      expect(await client.git(['symbolic-ref', 'HEAD'], { cwd: name })).toBe('refs/heads/main');
    },
  },
  {
    name: 'git ls-remote',
    source: 'git-ls-remote(1)',
    offered: 'yes',
    async see({ client, seed }) {
      const names = (await client.git(['ls-remote', seed.url])).split('\n').map((line) => line.split('\t')[1]);
      const tags = ['refs/tags/annotated', 'refs/tags/annotated^{}', 'refs/tags/light'];
      expect(names).toEqual(['HEAD', 'refs/heads/main', 'refs/heads/side', ...tags]);
    },
  },
  {
    name: 'Server options',
    source: 'gitprotocol-v2(5), server-option',
    offered: 'yes',
    note: 'accepted and ignored',
    async see({ client, seed, advertised }) {
      expect(await advertised('upload-pack', 2)).toContain('server-option');
      await client.git(['ls-remote', '--server-option=any', seed.url]);
    },
  },
  {
    name: 'Agent',
    source: 'gitprotocol-capabilities(5), agent',
    offered: 'yes',
    async see({ advertised }) {
      expect((await advertised('upload-pack', 2)).find((line) => line?.startsWith('agent=git/'))).toBeDefined();
    },
  },
  {
    name: 'SHA-1 objects',
    source: 'gitprotocol-capabilities(5), object-format',
    offered: 'yes',
    async see({ advertised }) {
      expect(await advertised('upload-pack', 2)).toContain('object-format=sha1');
    },
  },
  {
    name: 'SHA-256 objects',
    source: 'git-init(1), --object-format',
    offered: 'no',
    note: 'repos are SHA-1; a push from a SHA-256 repo is refused by git itself',
    async see({ client, seed, fresh }) {
      const name = fresh();
      await client.git(['init', '--quiet', '--object-format=sha256', name]);
      await client.git(['commit', '--quiet', '--allow-empty', '-m', 'x'], { cwd: name });
      const pushed = await client.try(['push', seed.url, 'HEAD:refs/heads/x'], { cwd: name });
      expect(pushed.stderr).toContain('hash algorithm');
    },
  },
  {
    name: 'Object info',
    source: 'gitprotocol-v2(5), object-info',
    offered: 'yes',
    note: 'as the version of git on the host has it',
    async see({ command, client }) {
      const head = await client.git(['rev-parse', 'main:dir/file.txt'], { cwd: 'seed' });
      const size = await client.git(['cat-file', '-s', head], { cwd: 'seed' });
      expect(await command(['command=object-info', 'delimiter', 'size', `oid ${head}`])).toContain(`${head} ${size}`);
    },
  },
  {
    name: 'Bundle URIs',
    source: 'gitprotocol-v2(5), bundle-uri',
    offered: 'no',
    note: 'there are no bundles to name',
    async see({ advertised }) {
      expect((await advertised('upload-pack', 2)).join('\n')).not.toContain('bundle-uri');
    },
  },
  {
    name: 'Session ids',
    source: 'gitprotocol-capabilities(5), session-id; transfer.advertiseSID',
    offered: 'no',
    async see({ advertised }) {
      expect((await advertised('upload-pack', 2)).join('\n')).not.toContain('session-id');
    },
  },
];
