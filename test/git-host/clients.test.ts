import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { add, branch, clone, commit, push } from 'isomorphic-git';
import http from 'isomorphic-git/http/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openGitClient, type GitClient } from './support/git-client.ts';
import { createRepo, openTestHost, type TestHost } from './support/test-host.ts';

const run = promisify(execFile);

describe('clients other than git clone, commit and push', () => {
  let host: TestHost;
  let client: GitClient;
  beforeAll(async () => {
    host = await openTestHost();
    client = await openGitClient();
  });
  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await host[Symbol.asyncDispose]();
  });

  async function repoWithToken() {
    const { id } = await createRepo(host, { 'a.txt': 'a', 'dir/b.txt': 'b' });
    const token = await host.mint({ repo_ids: [id] });
    return { id, token, url: host.cloneUrl(id, token) };
  }

  /** What git itself sees of a branch that a client has pushed. */
  async function seenByGit(url: string, name: string): Promise<{ commit: string; files: string[] }> {
    const dir = `seen-${name}`;
    await client.git(['clone', '--quiet', '--branch', name, url, dir]);
    await client.git(['fsck', '--full'], { cwd: dir });
    const files = (await client.git(['ls-files'], { cwd: dir })).split('\n');
    return { commit: await client.git(['rev-parse', 'HEAD'], { cwd: dir }), files };
  }

  test('isomorphic-git', async () => {
    const { id, token, url } = await repoWithToken();
    const dir = client.path('isomorphic');
    const onAuth = () => ({ username: 'token', password: token });
    await clone({ fs, http, dir, url: host.cloneUrl(id), onAuth });
    await fs.promises.writeFile(join(dir, 'by-isomorphic.txt'), 'by isomorphic-git\n');
    await branch({ fs, dir, ref: 'isomorphic', checkout: true });
    await add({ fs, dir, filepath: 'by-isomorphic.txt' });
    const author = { name: 'Agent', email: 'agent@example.com' };
    const made = await commit({ fs, dir, message: 'By isomorphic-git', author });
    const pushed = await push({ fs, http, dir, remote: 'origin', ref: 'isomorphic', onAuth });
    expect(pushed.ok).toBe(true);

    expect(await seenByGit(url, 'isomorphic')).toEqual({
      commit: made,
      files: ['a.txt', 'by-isomorphic.txt', 'dir/b.txt'],
    });
  });

  test.each(['dulwich', 'libgit2'])('%s', async (name) => {
    const { url } = await repoWithToken();
    const program = join(import.meta.dirname, 'clients', `${name}_client.py`);
    // Debian's own python, whose packages they are.
    const { stdout } = await run('/usr/bin/python3', [program, url, client.path(name), `by-${name}`]);

    const files = ['a.txt', `by-${name}.txt`, 'dir/b.txt'];
    expect(await seenByGit(url, `by-${name}`)).toEqual({ commit: stdout.trim(), files });
  });
});
