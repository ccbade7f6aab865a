import { randomBytes } from 'node:crypto';
import { appendFile, writeFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import type { FeatureRig } from './rig.ts';
import type { Feature } from './feature.ts';

/** A repo of the row's own with one commit that is not pushed yet. */
async function forkWithWork(rig: FeatureRig) {
  const name = rig.fresh();
  const fork = await rig.fork(name);
  await fork.git('commit', '--quiet', '--allow-empty', '-m', 'Work');
  const refs = async (...patterns: string[]): Promise<string[]> =>
    (await rig.client.git(['ls-remote', fork.url, ...patterns])).split('\n').filter(Boolean);
  return { ...fork, name, refs, head: await fork.git('rev-parse', 'HEAD') };
}

async function capabilities({ advertised }: FeatureRig): Promise<string[]> {
  return (await advertised('receive-pack', 0))[2]?.split('\0')[1]?.split(' ') ?? [];
}

export const PUSHING: Feature[] = [
  {
    name: 'Branches are made, moved, moved by force and deleted',
    source: 'git-push(1)',
    offered: 'yes',
    async see(rig) {
      const fork = await forkWithWork(rig);
      await fork.git('push', '--quiet', 'origin', 'main', 'main:new');
      expect(await fork.refs('refs/heads/main', 'refs/heads/new')).toEqual([
        `${fork.head}\trefs/heads/main`,
        `${fork.head}\trefs/heads/new`,
      ]);
      await fork.git('push', '--quiet', '--force', 'origin', 'main~2:new');
      await fork.git('push', '--quiet', 'origin', '--delete', 'new');
      expect(await fork.refs('refs/heads/new')).toEqual([]);
    },
  },
  {
    name: 'The default branch cannot be deleted',
    source: 'git-config(1), receive.denyDeleteCurrent',
    offered: 'yes',
    async see(rig) {
      const fork = await forkWithWork(rig);
      expect((await fork.try(['push', 'origin', ':main'])).stderr).toContain('refusing to delete the current branch');
    },
  },
  {
    name: 'A forced push that is bound to what was seen',
    source: 'git-push(1), --force-with-lease',
    offered: 'yes',
    async see(rig) {
      const fork = await forkWithWork(rig);
      const side = await fork.git('rev-parse', 'origin/side');
      const stale = await fork.try(['push', `--force-with-lease=side:${fork.head}`, 'origin', 'main:side']);
      expect(stale.stderr).toContain('stale info');
      await fork.git('push', '--quiet', `--force-with-lease=side:${side}`, 'origin', 'main~4:side');
    },
  },
  {
    name: 'All refs of a push or none',
    source: 'gitprotocol-capabilities(5), atomic',
    offered: 'yes',
    note: 'a hidden ref is refused by itself, and the others of its push are taken: git sorts it out before',
    async see(rig) {
      const fork = await forkWithWork(rig);
      const refs = ['main:refs/heads/good', ':refs/heads/main'];
      expect((await fork.try(['push', '--atomic', 'origin', ...refs])).exitCode).toBe(1);
      expect(await fork.refs('refs/heads/good')).toEqual([]);
      expect((await fork.try(['push', 'origin', ...refs])).exitCode).toBe(1);
      expect(await fork.refs('refs/heads/good')).toHaveLength(1);
    },
  },
  {
    name: 'Push options',
    source: 'gitprotocol-capabilities(5), push-options',
    offered: 'yes',
    note: 'accepted and ignored, as there are no hooks',
    async see(rig) {
      const fork = await forkWithWork(rig);
      await fork.git('push', '--quiet', '--push-option=ci.skip', 'origin', 'main');
      expect(await fork.refs('refs/heads/main')).toEqual([`${fork.head}\trefs/heads/main`]);
    },
  },
  {
    name: 'Signed pushes',
    source: 'gitprotocol-capabilities(5), push-cert; git-push(1), --signed',
    offered: 'yes',
    note: 'accepted, and neither checked nor kept: whose keys are good is not the host’s to know',
    async see(rig) {
      const fork = await forkWithWork(rig);
      const key = rig.client.path(`${fork.name}-key`);
      await promisify(execFile)('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
      const signing = ['-c', 'gpg.format=ssh', '-c', `user.signingKey=${key}`];
      await fork.git(...signing, 'push', '--quiet', '--signed', 'origin', 'main');
      expect(await fork.refs('refs/heads/main')).toEqual([`${fork.head}\trefs/heads/main`]);
      expect(await capabilities(rig)).toContainEqual(expect.stringMatching(/^push-cert=\d+-[0-9a-f]+$/));
    },
  },
  {
    name: 'Mirrors',
    source: 'git-push(1), --mirror',
    offered: 'yes',
    async see(rig) {
      const fork = await forkWithWork(rig);
      await rig.client.git(['clone', '--quiet', '--mirror', fork.url, `${fork.name}-mirror`]);
      const inMirror = { cwd: `${fork.name}-mirror` };
      await rig.client.git(['update-ref', '-d', 'refs/heads/side'], inMirror);
      await rig.client.git(['update-ref', 'refs/heads/brought', 'main~1'], inMirror);
      await rig.client.git(['push', '--quiet', '--mirror', fork.url], inMirror);
      const names = (await fork.refs('refs/heads/*')).map((line) => line.split('\t')[1]);
      expect(names).toEqual(['refs/heads/brought', 'refs/heads/main']);
    },
  },
  {
    name: 'Tags, notes and namespaces of one’s own',
    source: 'git-tag(1), git-notes(1)',
    offered: 'yes',
    note: 'all of `refs/` but what is hidden, such as `refs/agent/…`',
    async see(rig) {
      const fork = await forkWithWork(rig);
      await fork.git('tag', '-a', '-m', 'Two', 'v2');
      await fork.git('notes', 'add', '-m', 'A note');
      await fork.git('push', '--quiet', 'origin', 'v2', 'refs/notes/commits', 'main:refs/agent/run/1');
      const patterns = ['refs/agent/run/1', 'refs/notes/commits', 'refs/tags/v2'];
      expect((await fork.refs(...patterns)).map((line) => line.split('\t')[1])).toEqual(patterns);
      await fork.git('fetch', '--quiet', 'origin', 'refs/agent/*:refs/agent/*');
      expect(await fork.git('rev-parse', 'refs/agent/run/1')).toBe(fork.head);
    },
  },
  {
    name: 'Hidden refs',
    source: 'git-config(1), transfer.hideRefs',
    offered: 'no',
    note: '`refs/daypass/…` is the host’s own',
    async see(rig) {
      const fork = await forkWithWork(rig);
      const pushed = await fork.try(['push', 'origin', 'main:refs/daypass/x']);
      expect(pushed.stderr).toContain('deny updating a hidden ref');
    },
  },
  {
    name: 'Thin packs',
    source: 'gitprotocol-capabilities(5), no-thin',
    offered: 'yes',
    async see(rig) {
      const fork = await forkWithWork(rig);
      await appendFile(rig.client.path(fork.name, 'dir/file.txt'), 'one more line\n');
      await fork.git('commit', '--quiet', '-a', '-m', 'A small change to a file');
      const pushed = await fork.try(['push', '--thin', '--progress', 'origin', 'main']);
      expect([pushed.exitCode, pushed.stderr]).toEqual([0, expect.stringMatching(/Total \d+ \(delta [1-9]/)]);
      expect(await rig.client.git(['--git-dir', rig.host.repoDir(fork.id), 'fsck', '--full', '--no-dangling'])).toBe(
        '',
      );
    },
  },
  {
    name: 'Pushes from shallow clones',
    source: 'git-clone(1), --depth',
    offered: 'yes',
    note: 'onto a history that the host has',
    async see(rig) {
      const fork = await forkWithWork(rig);
      const cwd = `${fork.name}-shallow`;
      await rig.client.git(['clone', '--quiet', '--depth=1', fork.url, cwd]);
      await rig.client.git(['commit', '--quiet', '--allow-empty', '-m', 'On top'], { cwd });
      await rig.client.git(['push', '--quiet', 'origin', 'HEAD:refs/heads/on-top'], { cwd });
      expect(await fork.refs('refs/heads/on-top')).toHaveLength(1);
    },
  },
  {
    name: 'Report of each ref',
    source: 'gitprotocol-capabilities(5), report-status, report-status-v2',
    offered: 'yes',
    async see(rig) {
      expect(await capabilities(rig)).toEqual(
        expect.arrayContaining(['report-status', 'report-status-v2', 'delete-refs', 'quiet', 'atomic', 'ofs-delta']),
      );
    },
  },
  {
    name: 'Checks of what is pushed',
    source: 'git-config(1), transfer.fsckObjects',
    offered: 'yes',
    note: 'trees with `.git` or `..` in them and broken objects are refused',
    async see(rig) {
      const fork = await forkWithWork(rig);
      const tree = await rig.client.git(['mktree'], { cwd: fork.name, input: '' });
      const evil = await rig.client.git(['mktree'], { cwd: fork.name, input: `040000 tree ${tree}\t.git\n` });
      const commit = await fork.git('commit-tree', '-m', 'x', evil);
      expect((await fork.try(['push', 'origin', `${commit}:refs/heads/evil`])).stderr).toContain('hasDotgit');
    },
  },
  {
    name: 'Large pushes in chunks, after a probe of four bytes',
    source: 'git-config(1), http.postBuffer; gitprotocol-http(5)',
    offered: 'yes',
    async see(rig) {
      const fork = await forkWithWork(rig);
      await writeFile(rig.client.path(fork.name, 'random'), randomBytes(2 * 1024 * 1024));
      await fork.git('add', '.');
      await fork.git('commit', '--quiet', '-m', 'Two megabytes');
      const env = ['-c', 'http.postBuffer=65536'];
      const pushed = await fork.try([...env, 'push', '--progress', 'origin', 'main']);
      expect([pushed.exitCode, pushed.stderr]).toEqual([0, expect.stringContaining('main -> main')]);
    },
  },
  {
    name: 'Hooks',
    source: 'githooks(5)',
    offered: 'no',
    note: 'nothing that is pushed or lies in a repo runs on the host',
    async see(rig) {
      const fork = await forkWithWork(rig);
      const hooks = rig.client.path(`${fork.name}-hooks`);
      const mark = rig.client.path(`${fork.name}-mark`);
      await rig.client.git(['init', '--quiet', '--bare', '--template=', hooks]);
      await writeFile(`${hooks}/pre-receive`, `#!/bin/sh\ntouch ${mark}\nexit 1\n`, { mode: 0o755 });
      const config = ['config', '--file', `${rig.host.repoDir(fork.id)}/config`, 'core.hooksPath', hooks];
      await rig.client.git(config);
      await fork.git('push', '--quiet', 'origin', 'main');
      await expect(promisify(execFile)('test', ['-e', mark])).rejects.toThrow();
    },
  },
];
