import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFromGit } from '../../../src/git-host/import/create-from-git.ts';
import { createImports } from '../../../src/git-host/import/imports.ts';
import { IMPORT_LIMITS } from '../../../src/git-host/import/limits.ts';
import { openRepoDirs } from '../../../src/git-host/repos/repo-dirs.ts';
import { openGitClient, type GitClient } from '../support/git-client.ts';
import { ACCOUNT_KEY, createEmptyRepo, createRepo, openTestHost, type TestHost } from '../support/test-host.ts';

/** A server of its own, by the host and port that a URL names it with. */
async function openServer(listener: RequestListener): Promise<{ host: string } & AsyncDisposable> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const hostOf = (remote: TestHost): string => new URL(remote.url).host;
const repoNames = (host: TestHost): Promise<string[]> => readdir(join(host.dataDir, 'repos'));

describe('repos from other git hosts', () => {
  let remote: TestHost;
  let host: TestHost;
  let client: GitClient;
  let source: { id: string; url: string; first: string; second: string; side: string };

  beforeAll(async () => {
    remote = await openTestHost();
    host = await openTestHost({ importHosts: [hostOf(remote)] });
    client = await openGitClient();
    const { id, head: first } = await createRepo(remote, { a: '1' });
    const second = await remote.sdk().repo.file.upload('b', '2', { repo_id: id });
    const url = remote.cloneUrl(id, await remote.mint({ repo_ids: [id], access: 'read' }));
    const git = (...args: string[]) => client.git(args, { cwd: 'source' });
    await client.git(['clone', '--quiet', remote.cloneUrl(id, ACCOUNT_KEY), 'source']);
    await git('checkout', '--quiet', '-b', 'side', first);
    await git('commit', '--quiet', '--allow-empty', '-m', 'Side');
    await git('tag', '-a', '-m', 'One', 'v1');
    await git('push', '--quiet', 'origin', 'side', 'v1');
    source = { id, url, first, second: second.repo_head, side: await git('rev-parse', 'side') };
  });
  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await host[Symbol.asyncDispose]();
    await remote[Symbol.asyncDispose]();
  });

  const refs = async (id: string) =>
    (await client.git(['ls-remote', '--symref', host.cloneUrl(id, ACCOUNT_KEY)])).split('\n');

  test('all branches and tags come, and HEAD names the branch that it names there', async () => {
    const made = await host
      .sdk()
      .repo.create({ source: { type: 'git', url: source.url }, metadata: { from: 'git' }, auto_index: true });
    expect(made.repo_head).toBe(source.second);
    expect(await refs(made.repo_id)).toEqual([
      'ref: refs/heads/main\tHEAD',
      `${source.second}\tHEAD`,
      `${source.second}\trefs/heads/main`,
      `${source.side}\trefs/heads/side`,
      expect.stringMatching(/\trefs\/tags\/v1$/),
      `${source.side}\trefs/tags/v1^{}`,
    ]);
    expect(await host.sdk().repo.get(made.repo_id)).toMatchObject({ metadata: { from: 'git' }, auto_index: true });
    const files = await readdir(host.repoDir(made.repo_id));
    expect(files).not.toContain('FETCH_HEAD');
    expect(files).not.toContain('shallow');
  });

  test('one branch comes alone, and a hash sets it back', async () => {
    const { repo } = host.sdk();
    const side = await repo.create({ source: { type: 'git', url: source.url, branch: 'side' } });
    expect((await refs(side.repo_id)).slice(0, 3)).toEqual([
      'ref: refs/heads/side\tHEAD',
      `${source.side}\tHEAD`,
      `${source.side}\trefs/heads/side`,
    ]);
    const older = await repo.create({ source: { type: 'git', url: source.url, hash: source.first.slice(0, 10) } });
    expect(older.repo_head).toBe(source.first);
    expect(await refs(older.repo_id)).toContain(`${source.first}\trefs/heads/main`);
  });

  test('an empty remote makes an empty repo', async () => {
    const empty = await createEmptyRepo(remote);
    const made = await host.call('POST', '/repo', {
      body: { source: { type: 'git', url: remote.cloneUrl(empty, ACCOUNT_KEY) } },
    });
    expect(made).toMatchObject({ status: 201, body: { repo_head: null } });
  });

  test('what cannot be imported is refused in words without the URL, and nothing is left of it', async () => {
    const before = await repoNames(host);
    const secret = 'token-of-the-remote';
    const at = (path: string) => `http://user:${secret}@${hostOf(remote)}${path}`;
    const refused: [object, RegExp][] = [
      [{ url: at(`/v1/repo/${source.id}.git`) }, /wants other credentials/],
      [{ url: remote.cloneUrl('00000000-0000-4000-8000-000000000000', ACCOUNT_KEY) }, /no such repo/],
      [{ url: source.url, branch: 'nothing' }, /no such branch/],
      [{ url: source.url, branch: '--upload-pack=x' }, /begins with "-"/],
      [{ url: source.url, hash: 'f'.repeat(40) }, /source.hash/],
      [{ url: source.url, hash: 'main' }, /4 to 40 hex digits/],
      [{ url: `http://user:${secret}@127.0.0.1:9/x.git` }, /not an address/],
      [{ url: 'file:///etc' }, /an http or https URL/],
    ];
    for (const [fields, reason] of refused) {
      const answer = await host.call('POST', '/repo', { body: { source: { type: 'git', ...fields } } });
      expect([fields, answer.status, answer.body]).toEqual([fields, 400, { error: expect.stringMatching(reason) }]);
      expect(JSON.stringify(answer.body)).not.toContain(secret);
    }
    expect(await repoNames(host)).toEqual(before);
    const told = host.logged();
    for (const hidden of [secret, ACCOUNT_KEY, new URL(source.url).password]) expect(told).not.toContain(hidden);
  });

  test('the connection goes to the address that was checked, whatever the name leads to by then', async () => {
    const dirs = await openRepoDirs(client.path('pinned'), () => true);
    const name = `git.nowhere.invalid:${new URL(remote.url).port}`;
    const names = { public: async () => [], private: async () => ['127.0.0.1'] };
    const imports = createImports({ privateHosts: [name], names });
    const { signal } = new AbortController();
    const url = source.url.replace(hostOf(remote), name);
    const place = (repoDir: string) => ({ repoDir, homeDir: dirs.homeDir, signal });
    const fetched = dirs.scratch(signal, (repoDir) =>
      imports.run(place(repoDir), url, (limited, from) => createFromGit(limited, from, { branch: null, hash: null })),
    );
    expect(await fetched).toBe(source.second);
  });

  test('no redirect is followed, so that a public host cannot lead to a private one', async () => {
    let reached = 0;
    await using inside = await openServer((_req, res) => {
      reached += 1;
      res.end();
    });
    await using outside = await openServer((req, res) => {
      res.writeHead(302, { location: `http://${inside.host}${req.url}` }).end();
    });
    await using importing = await openTestHost({ importHosts: [outside.host] });
    const body = { source: { type: 'git', url: `http://${outside.host}/x.git` } };
    const answer = await importing.call('POST', '/repo', { body });
    expect([answer.status, answer.body]).toEqual([400, { error: expect.stringContaining('redirects') }]);
    expect(reached).toBe(0);
  });

  test('a host that serves mere files is refused, since nobody would check what comes from there', async () => {
    await client.git(['clone', '--quiet', '--bare', source.url, 'files.git']);
    await client.git(['update-server-info'], { cwd: 'files.git' });
    await using files = await openServer((req, res) => {
      const path = client.path(new URL(req.url ?? '', 'http://x').pathname.slice(1));
      readFile(path).then(
        (bytes) => res.end(bytes),
        () => res.writeHead(404).end(),
      );
    });
    await using importing = await openTestHost({ importHosts: [files.host] });
    const body = { source: { type: 'git', url: `http://${files.host}/files.git` } };
    const answer = await importing.call('POST', '/repo', { body });
    expect([answer.status, answer.body]).toEqual([400, { error: expect.stringContaining('serves files and no git') }]);
  });

  test('a remote that has a part of its history is refused, since nobody could clone what comes from there', async () => {
    const { id } = await createRepo(remote, { a: '1' });
    await remote.sdk().repo.file.upload('a', '2', { repo_id: id });
    const url = remote.cloneUrl(id, ACCOUNT_KEY);
    await client.git(['clone', '--quiet', '--bare', '--depth', '1', url, 'part']);
    await rm(remote.repoDir(id), { recursive: true });
    await rename(client.path('part'), remote.repoDir(id));
    const own = await createEmptyRepo(host);
    for (const path of ['/repo', `/repo/${own}/update`]) {
      const answer = await host.call('POST', path, { body: { source: { type: 'git', url } } });
      expect([answer.status, answer.body]).toEqual([400, { error: expect.stringContaining('only the end of its') }]);
    }
    expect(await client.git(['ls-remote', host.cloneUrl(own, ACCOUNT_KEY)])).toBe('');
  });

  test('objects that a push could not bring do not come by an import either', async () => {
    const { id } = await createRepo(remote, { a: 'a' });
    const at = { cwd: 'bad' };
    await client.git(['clone', '--quiet', '--bare', remote.repoDir(id), 'bad']);
    const blob = await client.git(['hash-object', '-w', '--stdin'], { ...at, input: '[core]' });
    const inner = await client.git(['mktree'], { ...at, input: `100644 blob ${blob}\tconfig\n` });
    const tree = await client.git(['mktree'], { ...at, input: `040000 tree ${inner}\t.git\n` });
    const commit = await client.git(['commit-tree', tree, '-m', 'Bad'], at);
    await client.git(['push', '--quiet', remote.repoDir(id), `${commit}:refs/heads/bad`], at);

    const url = remote.cloneUrl(id, ACCOUNT_KEY);
    const answer = await host.call('POST', '/repo', { body: { source: { type: 'git', url, branch: 'bad' } } });

    expect([answer.status, answer.body]).toEqual([400, { error: expect.stringContaining('does not accept') }]);
  });

  test('an import that is too large, has too many objects or takes too long is ended and leaves nothing', async () => {
    const { id } = await createRepo(remote, { random: Math.random().toString(36).repeat(10) });
    const url = remote.cloneUrl(id, ACCOUNT_KEY);
    await using silent = await openServer(() => {});
    const tries: [Partial<typeof IMPORT_LIMITS>, string, number, string][] = [
      [{ maxBytes: 100 }, url, 413, 'larger than 100 bytes'],
      [{ maxObjects: 2 }, url, 413, 'more than 2 objects'],
      [{ timeoutMs: 300 }, `http://${silent.host}/x.git`, 400, 'longer than 0.3 s'],
    ];
    for (const [limits, from, status, error] of tries) {
      const importLimits = { ...IMPORT_LIMITS, ...limits };
      await using limited = await openTestHost({ importHosts: [hostOf(remote), silent.host], importLimits });
      const answer = await limited.call('POST', '/repo', { body: { source: { type: 'git', url: from } } });
      expect([limits, answer.status, answer.body]).toEqual([limits, status, { error: expect.stringContaining(error) }]);
      expect(await repoNames(limited)).toEqual([]);
    }
  });

  test('an import ends with its client, and a fifth at once is told to come later', async () => {
    await using silent = await openServer(() => {});
    await using importing = await openTestHost({ importHosts: [silent.host] });
    const stuck = { type: 'git', url: `http://${silent.host}/x.git` };
    const leave = new AbortController();
    const start = () =>
      fetch(`${importing.url}/repo`, {
        method: 'POST',
        headers: { authorization: `Bearer ${ACCOUNT_KEY}` },
        body: JSON.stringify({ source: stuck }),
        signal: leave.signal,
      });
    const running = Promise.allSettled([start(), start(), start(), start()]);
    await expect.poll(() => repoNames(importing)).toHaveLength(4);
    const fifth = await importing.call('POST', '/repo', { body: { source: stuck } });
    expect([fifth.status, fifth.body]).toEqual([429, { error: '4 imports are running; try again later' }]);

    leave.abort();
    await running;

    await expect.poll(() => repoNames(importing)).toEqual([]);
  });

  describe('updates from there', () => {
    const update = (id: string, fields: object) =>
      host.call('POST', `/repo/${id}/update`, { body: { source: { type: 'git', url: source.url, ...fields } } });

    test('a repo that is behind is brought to that state, and once it has it nothing changes', async () => {
      const { repo } = host.sdk();
      const { repo_id } = await repo.create({ source: { type: 'git', url: source.url, hash: source.first } });
      const git = { type: 'git' as const, url: source.url };
      const moved = await repo.update(repo_id, { source: git });
      expect(moved).toEqual({ repo_id, repo_head: source.second, changed_files: ['b'] });
      expect(await repo.update(repo_id, { source: git })).toEqual({ ...moved, changed_files: [] });
      expect((await repo.get(repo_id)).updated_at).not.toBeNull();
      expect(await repoNames(host)).not.toContainEqual(expect.stringMatching(/^\.new-/));
    });

    test('an empty repo takes the branch, and a repo that went on is merged with it', async () => {
      const id = await createEmptyRepo(host);
      const taken = await update(id, { branch: 'side' });
      expect(taken.body).toEqual({ repo_id: id, repo_head: source.side, changed_files: ['a'] });
      await host.sdk().repo.file.upload('own', 'own', { repo_id: id });

      const merged = (await update(id, { branch: 'main' })).body as { repo_head: string; changed_files: string[] };

      expect(merged.changed_files).toEqual(['b']);
      await client.git(['clone', '--quiet', host.cloneUrl(id, ACCOUNT_KEY), 'merged']);
      const parents = await client.git(['log', '-1', '--format=%H %P'], { cwd: 'merged' });
      expect(parents).toMatch(new RegExp(`^${merged.repo_head} [0-9a-f]{40} ${source.second}$`));
      expect(await client.git(['ls-files'], { cwd: 'merged' })).toBe('a\nb\nown');
      expect(await client.git(['fsck', '--strict'], { cwd: 'merged' })).toBe('');
    });

    test('conflicts, foreign histories and empty remotes are refused, and the repo stays as it was', async () => {
      const { repo } = host.sdk();
      const { repo_id } = await repo.create({ source: { type: 'git', url: source.url, hash: source.first } });
      const { repo_head } = await repo.file.upload('b', 'another', { repo_id });
      const foreign = await createRepo(host, { x: 'x' });
      const empty = remote.cloneUrl(await createEmptyRepo(remote), ACCOUNT_KEY);
      const refused: [string, object, RegExp][] = [
        [repo_id, {}, /cannot be merged: conflicts in b$/],
        [foreign.id, {}, /no commit in common/],
        [repo_id, { url: empty }, /no such branch/],
      ];
      for (const [id, fields, reason] of refused) {
        const answer = await update(id, fields);
        expect([answer.status, answer.body]).toEqual([400, { error: expect.stringMatching(reason) }]);
      }
      expect((await repo.update(repo_id, {})).repo_head).toBe(repo_head);
    });

    test('no token may import, whatever it may else: what a sandbox sends out is for its own network to judge', async () => {
      let asked = 0;
      await using outside = await openServer((_req, res) => {
        asked += 1;
        res.writeHead(404).end();
      });
      await using importing = await openTestHost({ importHosts: [outside.host] });
      const { id } = await createRepo(importing, { a: 'a' });
      const git = { type: 'git', url: `http://${outside.host}/secret-of-a-sandbox.git` };
      for (const access of ['write', 'read']) {
        const key = await importing.mint({ repo_ids: [id], access });
        for (const path of [`/repo/${id}/update`, '/repo'])
          expect((await importing.call('POST', path, { key, body: { source: git } })).status).toBe(403);
      }
      expect(asked).toBe(0);
    });
  });
});

test('a copy of another repo here has its refs, and its metadata where they are asked for', async () => {
  await using host = await openTestHost();
  await using client = await openGitClient();
  const { repo } = host.sdk();
  const files = [{ filename: 'a', content: 'a' }];
  const made = await repo.create({ source: { type: 'files', files }, metadata: { kind: 'template' } });
  await client.git(['clone', '--quiet', host.cloneUrl(made.repo_id, ACCOUNT_KEY), 'work']);
  await writeFile(client.path('work', 'b'), 'b');
  await client.git(['push', '--quiet', 'origin', 'HEAD:refs/heads/side', 'HEAD:refs/tags/v1'], { cwd: 'work' });
  const source = { type: 'relace' as const, repo_id: made.repo_id };

  const plain = await repo.create({ source });
  const whole = await repo.create({ source: { ...source, copy_metadata: true, copy_remote: true } });
  const own = await repo.create({ source: { ...source, copy_metadata: true }, metadata: { kind: 'own' } });

  const refsOf = (id: string) => client.git(['ls-remote', host.cloneUrl(id, ACCOUNT_KEY)]);
  for (const copy of [plain, whole, own]) {
    expect(copy.repo_head).toBe(made.repo_head);
    expect(await refsOf(copy.repo_id)).toBe(await refsOf(made.repo_id));
  }
  const kinds = await Promise.all([plain, whole, own].map(async ({ repo_id }) => (await repo.get(repo_id)).metadata));
  expect(kinds).toEqual([null, { kind: 'template' }, { kind: 'own' }]);
  await repo.delete(made.repo_id);
  expect((await repo.clone(plain.repo_id)).files).toEqual(files);
  await expect(repo.create({ source })).rejects.toMatchObject({ status: 404 });
});
