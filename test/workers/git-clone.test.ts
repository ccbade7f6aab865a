import { describe, expect, it, test } from 'vitest';
import { cloneCommands, cloneProblem, tooOldGit } from '../../workers/git-clone.ts';

const repo = { id: 'r', ref: null, path: 'app', access: 'write', depth: null } as const;
const url = 'http://127.0.0.1:7080/v1/repo/r.git';

describe('the commands that clone a repo', () => {
  it('clone the whole repo at its HEAD by default', () => {
    expect(cloneCommands(repo, url, '/workspace/app')).toEqual([
      ['git', 'clone', '--progress', '--', url, '/workspace/app'],
    ]);
  });

  it('name the branch or tag and the depth when asked', () => {
    const [argv] = cloneCommands({ ...repo, ref: 'v1', depth: 3 }, url, '/workspace/app');
    expect(argv).toEqual([
      'git',
      'clone',
      '--progress',
      '--depth',
      '3',
      '--no-single-branch',
      '--branch',
      'v1',
      '--',
      url,
      '/workspace/app',
    ]);
  });

  it.each([
    ['HEAD', []],
    ['refs/heads/a/b', ['--branch', 'a/b']],
    [`refs/heads/${'a'.repeat(40)}`, ['--branch', 'a'.repeat(40)]],
  ])('take %s as git means it', (ref, branch) => {
    expect(cloneCommands({ ...repo, ref }, url, '/workspace/app')).toEqual([
      ['git', 'clone', '--progress', ...branch, '--', url, '/workspace/app'],
    ]);
  });

  it('ask for a tag by its full name, so that no branch of the same name comes first', () => {
    const commands = cloneCommands({ ...repo, ref: 'refs/tags/v1' }, url, '/workspace/app');
    expect(commands.slice(2).map((argv) => argv.join(' '))).toEqual([
      'git -C /workspace/app fetch --progress origin +refs/tags/v1:refs/tags/v1 +refs/heads/*:refs/remotes/origin/*',
      'git -C /workspace/app checkout --quiet --detach refs/tags/v1',
    ]);
  });

  it('take a commit id in any letter case', () => {
    const commands = cloneCommands({ ...repo, ref: 'AbCdE'.repeat(8) }, url, '/workspace/app');
    expect(commands.at(-1)?.at(-1)).toBe('abcde'.repeat(8));
  });

  it('ask for a commit by its id and check it out detached', () => {
    const sha = 'a'.repeat(40);
    const commands = cloneCommands({ ...repo, ref: sha, depth: 1 }, url, '/workspace/app');
    expect(commands.map((argv) => argv.join(' '))).toEqual([
      'git init --quiet -- /workspace/app',
      `git -C /workspace/app remote add origin ${url}`,
      `git -C /workspace/app fetch --progress --depth 1 origin ${sha}`,
      `git -C /workspace/app checkout --quiet --detach ${sha}`,
    ]);
  });
});

describe('what git’s last words mean', () => {
  it.each([
    ['fatal: Remote branch nope not found in upstream origin', 'ref'],
    ["fatal: couldn't find remote ref refs/heads/nope", 'ref'],
    ['fatal: remote error: upload-pack: not our ref aaaa', 'ref'],
    ["fatal: unable to access 'http://h/': Failed to connect to h port 80: Connection refused", 'transport'],
    ['error: RPC failed; HTTP 503 curl 22 The requested URL returned error: 503', 'transport'],
    ["fatal: unable to access 'http://h/': The requested URL returned error: 403", 'other'],
    ['fatal: write error: No space left on device\nfatal: fetch-pack: early EOF', 'disk_full'],
    ["fatal: destination path 'app' already exists and is not an empty directory.", 'other'],
  ])('%s → %s', (stderr, problem) => {
    expect(cloneProblem(stderr)).toBe(problem);
  });
});

test.each([
  ['git version 2.17.1\n', '2.17.1'],
  ['git version 1.8.3.1\n', '1.8.3.1'],
  ['git version 2.19.6\n', '2.19.6'],
  ['git version 2.20.0\n', null],
  ['git version 2.39.5 (Apple Git-154)\n', null],
  ['git version 2.50.0-rc1\n', null],
  ['git version 10.0\n', null],
  ['something else', null],
  ['', null],
])('git that says %j is too old: %s', (said, version) => {
  expect(tooOldGit(said)).toBe(version);
});
