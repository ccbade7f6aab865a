import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openGitClient, type GitClient } from './support/git-client.ts';
import { ACCOUNT_KEY, createEmptyRepo, createRepo, openTestHost, type TestHost } from './support/test-host.ts';

const COMMITS = 1_000;

/** A history of 3 × COMMITS objects for git fast-import. */
function longHistory(branch: string): string {
  const commits = Array.from(
    { length: COMMITS },
    (_, index) =>
      `commit refs/heads/${branch}\ncommitter A <a@example.com> ${1_700_000_000 + index} +0000\ndata 4\nwork\n` +
      `M 100644 inline file-${index % 7}.txt\ndata ${String(index).length}\n${index}\n\n`,
  );
  return commits.join('');
}

describe('git over HTTP', () => {
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

  /** A repo that was filled by pushing a long history, and a token for it. */
  async function imported(name: string, branch: string): Promise<{ id: string; url: string; head: string }> {
    const id = await createEmptyRepo(host);
    const url = host.cloneUrl(id, await host.mint({ repo_ids: [id] }));
    await client.git(['init', '--quiet', '--bare', name]);
    await client.git(['fast-import', '--quiet'], { cwd: name, input: longHistory(branch) });
    await client.git(['push', '--quiet', url, branch], { cwd: name });
    return { id, url, head: await client.git(['rev-parse', branch], { cwd: name }) };
  }

  test('only what moved a ref counts as an update: no probe of a large push, and none whose refs are refused', async () => {
    const { id, head } = await createRepo(host, { a: 'a' });
    const url = host.cloneUrl(id, ACCOUNT_KEY);
    const updatedAt = async () => (await host.sdk().repo.get(id)).updated_at;
    const probe = await fetch(`${host.url}/repo/${id}.git/git-receive-pack`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${ACCOUNT_KEY}`,
        'content-type': 'application/x-git-receive-pack-request',
      },
      body: '0000',
    });
    expect(probe.status).toBe(200);
    await client.git(['clone', '--quiet', '--bare', url, 'unmoved']);
    const push = (refspec: string) => client.try(['push', '--quiet', url, refspec], { cwd: 'unmoved' });
    expect((await push(`${head}:refs/daypass/mine`)).exitCode).toBe(1);
    expect(await updatedAt()).toBeNull();
    expect((await push(`${head}:refs/heads/side`)).exitCode).toBe(0);
    expect(await updatedAt()).not.toBeNull();
  });

  test('a history pushed to an empty repo clones whole, shallow, partial and by commit', async () => {
    const { url, head } = await imported('import', 'main');
    const count = (cwd: string) => client.git(['rev-list', '--count', 'HEAD'], { cwd });

    await client.git(['clone', '--quiet', url, 'whole']);
    expect(await count('whole')).toBe(String(COMMITS));
    await client.git(['clone', '--quiet', '--depth', '5', url, 'shallow']);
    expect(await count('shallow')).toBe('5');
    await client.git(['fetch', '--quiet', '--deepen', '5'], { cwd: 'shallow' });
    expect(await count('shallow')).toBe('10');
    await client.git(['clone', '--quiet', '--filter=blob:none', '--no-checkout', url, 'partial']);
    expect(await client.git(['rev-list', '--objects', '--missing=print', 'HEAD'], { cwd: 'partial' })).toContain('?');

    const old = await client.git(['rev-parse', `${head}~500`], { cwd: 'whole' });
    await client.git(['init', '--quiet', 'by-commit']);
    for (const version of ['0', '2']) {
      const protocol = ['-c', `protocol.version=${version}`];
      await client.git([...protocol, 'fetch', '--quiet', '--depth', '1', url, old], { cwd: 'by-commit' });
      expect(await client.git(['rev-parse', 'FETCH_HEAD'], { cwd: 'by-commit' })).toBe(old);
    }
  }, 30_000);

  test('where only master was pushed, HEAD names it and updates go there', async () => {
    const { id, url, head } = await imported('import-master', 'master');
    expect(await client.git(['ls-remote', '--symref', url, 'HEAD'])).toBe(
      `ref: refs/heads/master\tHEAD\n${head}\tHEAD`,
    );

    const updated = await host
      .sdk()
      .repo.update(id, { source: { type: 'files', files: [{ filename: 'a', content: 'a' }] } });

    expect(await client.git(['ls-remote', url])).toBe(
      `${updated.repo_head}\tHEAD\n${updated.repo_head}\trefs/heads/master`,
    );
  }, 30_000);

  test('branches and tags are pushed, moved by force and deleted', async () => {
    const { id } = await createRepo(host, { a: 'a' });
    const url = host.cloneUrl(id, await host.mint({ repo_ids: [id] }));
    await client.git(['clone', '--quiet', url, 'refs']);
    const push = (...refs: string[]) => client.git(['push', '--quiet', 'origin', ...refs], { cwd: 'refs' });
    await client.git(['commit', '--quiet', '--allow-empty', '-m', 'Two'], { cwd: 'refs' });
    await push('HEAD:refs/heads/agent/work', 'HEAD:refs/tags/v1');
    await push('+HEAD~1:refs/heads/agent/work');
    await push(':refs/tags/v1');

    const names = (await client.git(['ls-remote', url])).split('\n').map((line) => line.split('\t')[1]);

    expect(names).toEqual(['HEAD', 'refs/heads/agent/work', 'refs/heads/main']);
    expect((await client.try(['push', 'origin', ':main'], { cwd: 'refs' })).stderr).toContain('refusing to delete');
  });

  test('an unpushed empty repo clones', async () => {
    const url = host.cloneUrl(await createEmptyRepo(host), ACCOUNT_KEY);
    expect((await client.try(['clone', url, 'empty'])).stderr).toContain('empty repository');
  });

  test('a push with a read token is refused with 403 while a fetch works', async () => {
    const { id } = await createRepo(host, { a: 'a' });
    const url = host.cloneUrl(id, await host.mint({ repo_ids: [id], access: 'read' }));
    await client.git(['clone', '--quiet', url, 'read-only']);
    expect((await client.try(['push', 'origin', 'HEAD:refs/heads/x'], { cwd: 'read-only' })).stderr).toContain(
      'error: 403',
    );
  });

  test('a request body that is packed with gzip is understood, and one in another encoding is refused', async () => {
    const { id, head } = await createRepo(host, { a: 'a' });
    const ask = async (body: Buffer, encoding: string) => {
      const headers = {
        authorization: `Bearer ${ACCOUNT_KEY}`,
        'content-type': 'application/x-git-upload-pack-request',
        'content-encoding': encoding,
        'git-protocol': 'version=2',
      };
      const response = await fetch(`${host.url}/repo/${id}.git/git-upload-pack`, { method: 'POST', headers, body });
      return { status: response.status, text: await response.text() };
    };
    const listRefs = Buffer.from('0014command=ls-refs\n00010000');
    expect(await ask(gzipSync(listRefs), 'gzip')).toEqual({ status: 200, text: expect.stringContaining(head) });
    expect((await ask(listRefs, 'br')).status).toBe(415);
    expect((await ask(listRefs, 'gzip')).status).toBe(400);
    expect((await ask(Buffer.from('garbage'), 'identity')).status).toBe(400);
  });

  test('the dumb protocol, other services and other body types are refused', async () => {
    const { id } = await createRepo(host, { a: 'a' });
    const at = `/repo/${id}.git`;
    const paths = ['/info/refs', '/info/refs?service=git-upload-archive', '/HEAD', '/config', '/objects/info/packs'];
    for (const path of paths) expect([path, (await host.call('GET', `${at}${path}`)).status]).toEqual([path, 403]);
    expect((await host.call('GET', `${at}/..%2f..%2fgit-host.sqlite`)).status).toBe(403);
    expect((await host.call('POST', `${at}/git-upload-pack`, { body: '0000' })).status).toBe(415);
  });

  test('a header that git would not write does not reach its environment', async () => {
    const { id } = await createRepo(host, { a: 'a' });
    const refs = async (protocol: string) => {
      const headers = { authorization: `Bearer ${ACCOUNT_KEY}`, 'git-protocol': protocol };
      const response = await fetch(`${host.url}/repo/${id}.git/info/refs?service=git-upload-pack`, { headers });
      return (await response.text()).slice(0, 40);
    };
    expect(await refs('version=2')).toContain('version 2');
    expect(await refs('version=2 $(id)')).toContain('# service=git-upload-pack');
  });

  test('a push of a tree with .git in it is refused, and so is a ref that climbs out', async () => {
    const { id, head } = await createRepo(host, { a: 'a' });
    const url = host.cloneUrl(id, await host.mint({ repo_ids: [id] }));
    await client.git(['init', '--quiet', 'hostile']);
    const blob = await client.git(['hash-object', '-w', '--stdin'], { cwd: 'hostile', input: '#!/bin/sh\n' });
    for (const name of ['.git', '.GIT', '..']) {
      const inner = await client.git(['mktree'], { cwd: 'hostile', input: `100755 blob ${blob}\tpost-receive\n` });
      const tree = await client.git(['mktree'], { cwd: 'hostile', input: `040000 tree ${inner}\t${name}\n` });
      const commit = await client.git(['commit-tree', '-m', 'x', tree], { cwd: 'hostile' });
      const pushed = await client.try(['push', url, `${commit}:refs/heads/x`], { cwd: 'hostile' });
      expect([name, pushed.exitCode, pushed.stderr]).toEqual([name, 1, expect.stringContaining('fsck error')]);
    }

    for (const ref of [
      'refs/heads/../../hooks/post-receive',
      '../../../evil',
      'HEAD',
      'refs/heads/a..b',
      'refs/daypass/x',
    ]) {
      expect([ref, await pushRef(id, head, ref)]).toEqual([ref, expect.stringContaining(`ng ${ref} `)]);
    }
    expect(await client.git(['ls-remote', url])).toBe(`${head}\tHEAD\n${head}\trefs/heads/main`);
    expect(await readdir(host.dataDir)).not.toContain('evil');
  });

  /** What no git client would send: a new ref of any name. Returns git's report. */
  async function pushRef(id: string, head: string, ref: string): Promise<string> {
    const command = `${'0'.repeat(40)} ${head} ${ref}\0report-status`;
    const emptyPack = Buffer.from('5041434b0000000200000000', 'hex');
    const packets = `${(command.length + 4).toString(16).padStart(4, '0')}${command}0000`;
    const body = Buffer.concat([Buffer.from(packets), emptyPack, createHash('sha1').update(emptyPack).digest()]);
    const headers = {
      authorization: `Bearer ${ACCOUNT_KEY}`,
      'content-type': 'application/x-git-receive-pack-request',
    };
    const response = await fetch(`${host.url}/repo/${id}.git/git-receive-pack`, { method: 'POST', headers, body });
    return response.text();
  }

  test('a hook that lies in a repo is not run by a push', async () => {
    const { id } = await createRepo(host, { a: 'a' });
    const mark = client.path('hook-was-run');
    await client.git(['init', '--quiet', '--bare', '--template=', 'template']);
    await client.git(['config', '--file', `${host.repoDir(id)}/config`, 'core.hooksPath', client.path('template')]);
    await writeFile(client.path('template', 'post-receive'), `#!/bin/sh\ntouch ${mark}\n`, { mode: 0o755 });
    await client.git(['clone', '--quiet', host.cloneUrl(id, ACCOUNT_KEY), 'hooked']);
    await client.git(['push', '--quiet', 'origin', 'HEAD:refs/heads/x'], { cwd: 'hooked' });
    expect(existsSync(mark)).toBe(false);
  });

  test('a push and an update can go on after a killed process left its locks', async () => {
    const { id } = await createRepo(host, { a: 'a' });
    await writeFile(`${host.repoDir(id)}/refs/heads/main.lock`, '');
    await host.restart();
    const updated = await host
      .sdk()
      .repo.update(id, { source: { type: 'files', files: [{ filename: 'a', content: 'b' }] } });
    expect(updated.changed_files).toEqual(['a']);
  });
});
