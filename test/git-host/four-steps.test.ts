import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { openGitClient } from './support/git-client.ts';
import { createRepo, openTestHost } from './support/test-host.ts';

test('a token is created, clones and pushes, serves an agent through the SDK, and opens nothing after its deletion', async () => {
  await using host = await openTestHost();
  await using client = await openGitClient();
  const [a, b] = [await createRepo(host, { 'README.md': 'A\n' }), await createRepo(host, { 'README.md': 'B\n' })];

  // 1. Creating a repo token
  const result = await host.sdk().repoToken.create({ name: 'my-token', repo_ids: [a.id, b.id] });
  const repoToken = result.token;
  expect(result).toEqual({
    token: expect.stringMatching(/^rlcr-[0-9a-f]{40}$/),
    name: 'my-token',
    repo_ids: [a.id, b.id],
  });
  expect(await host.sdk().repoToken.get(repoToken)).toEqual({ name: 'my-token', repo_ids: [a.id, b.id] });

  // 2. Using git commands
  for (const repo of [a, b]) {
    await client.git(['clone', '--branch', 'main', host.cloneUrl(repo.id, repoToken), repo.id]);
    expect(await client.git(['rev-parse', 'HEAD'], { cwd: repo.id })).toBe(repo.head);
  }
  await writeFile(client.path(a.id, 'work.txt'), 'done by git\n');
  await client.git(['add', '.'], { cwd: a.id });
  await client.git(['commit', '-m', 'Work'], { cwd: a.id });
  await client.git(['push', 'origin', 'main'], { cwd: a.id });

  // 3. Using with agents
  const agent = host.sdk(repoToken);
  const overwritten = await agent.repo.update(a.id, {
    source: {
      type: 'files',
      files: [
        {
          filename: 'src/main.py',
          content: "def main():\n    print('Agent completely rewrote this')\n    return True",
        },
        { filename: 'README.md', content: '# Agent Updated Project\n\nThis project was updated by an AI agent.' },
      ],
    },
  });
  expect(overwritten.changed_files).toEqual(['README.md', 'src/main.py', 'work.txt']);
  await client.git(['pull'], { cwd: a.id });
  expect(await client.git(['rev-parse', 'HEAD'], { cwd: a.id })).toBe(overwritten.repo_head);
  expect(await client.git(['ls-files'], { cwd: a.id })).toBe('README.md\nsrc/main.py');
  expect(await readFile(client.path(a.id, 'README.md'), 'utf8')).toContain('Agent Updated Project');

  // 4. Deleting the repo token
  await host.sdk().repoToken.delete(repoToken);
  await expect(agent.repo.get(a.id)).rejects.toMatchObject({ status: 401 });
  await expect(agent.repo.update(b.id, { source: { type: 'files', files: [] } })).rejects.toMatchObject({
    status: 401,
  });
  await expect(host.sdk().repoToken.get(repoToken)).rejects.toMatchObject({ status: 404 });
  await expect(host.sdk().repoToken.delete(repoToken)).rejects.toMatchObject({ status: 404 });
  for (const args of [
    ['fetch'],
    ['push', 'origin', 'HEAD:refs/heads/late'],
    ['clone', host.cloneUrl(b.id, repoToken), 'again'],
  ]) {
    const refused = await client.try(args, args[0] === 'clone' ? {} : { cwd: a.id });
    expect(refused.exitCode).not.toBe(0);
    expect(refused.stderr).toContain('Authentication failed');
  }
});
