import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { nothingLeft, startStack, type Stack } from '../support/stack.ts';
import { createRepo, getSession, logOf, settled, startSession, until } from './session.ts';

describe('a session over HTTP', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(async () => stack[Symbol.asyncDispose]());

  it('clones, works, pushes, and leaves nothing: token refused, container gone, receipt complete', async () => {
    const repo = await createRepo(stack, { 'README.md': '# Hello\n' });
    const script = `
      set -e
      pwd; git log --oneline | wc -l; echo "$DAYPASS_REPOS"; echo "session $DAYPASS_SESSION_ID"
      test "$RELACE_API_KEY" = "$REPO_TOKEN"; echo "base $RELACE_BASE_URL"
      grep -r "$REPO_TOKEN" .git && exit 8
      echo change >> README.md && git checkout -q -b agent/work && git commit -qam "A change" && git push -q origin agent/work
      echo "the token is $REPO_TOKEN"
      echo to stderr >&2
      printf '%s' "$REPO_TOKEN" > /tmp/token; echo DONE`;
    const accepted = await startSession(stack, {
      repos: [{ id: repo, path: 'app' }],
      command: ['sh', '-c', script],
      metadata: { task: '1' },
    });
    expect(accepted).toMatchObject({ status: 'queued', exitCode: null, failure: null });

    const log = await logOf(stack, accepted.id);
    const ended = await settled(stack, accepted.id);
    expect(ended).toMatchObject({ status: 'succeeded', exitCode: 0, failure: null });
    expect(log).toContain('/workspace/app\n');
    expect(log).toContain(`session ${accepted.id}`);
    expect(log).toContain(`base ${stack.gitHostUrl}`);
    expect(log).toContain('the token is [secret]');
    expect(log).toContain('to stderr');
    expect(log).toContain('DONE');

    expect(ended.repos[0]?.head).toMatch(/^[0-9a-f]{40}$/);
    expect(log).toContain(`"head":"${ended.repos[0]?.head}"`);
    expect(ended.token).toMatchObject({ state: 'revoked', repoIds: [repo] });
    expect(ended.token?.verifiedAt).not.toBeNull();
    expect(ended.timings).toMatchObject({ queuedMs: expect.any(Number), toRunningMs: expect.any(Number) });

    const receipt = await eventually(
      async () =>
        (await (await stack.call('GET', `/v1/sessions/${accepted.id}/receipt`)).json()) as { signature: unknown },
      ({ signature }) => signature !== null,
    );
    expect(receipt).toMatchObject({
      sessionId: accepted.id,
      repoIds: [repo],
      fingerprint: ended.token?.fingerprint,
      attempts: 1,
      final: true,
    });
    for (const value of Object.values(receipt as object)) expect(value).not.toBeNull();
    await nothingLeft(stack);
  });

  it('clones several repos to their own paths: a branch, a tag, a commit, a shallow one, an empty one', async () => {
    const [a, b] = [await createRepo(stack, { 'a.txt': '1' }), await createRepo(stack, { 'b.txt': 'b' })];
    const first =
      (await stack.relace().repo.get(a),
      await stack.relace().repo.update(a, { source: { type: 'files', files: [{ filename: 'a.txt', content: '2' }] } }));
    const { repo_id: empty } = await stack.relace().repo.create({});
    const session = await startSession(stack, {
      repos: [
        { id: a, ref: first.repo_head, path: 'branch/nested/commit', depth: 1 },
        { id: a, ref: 'refs/heads/main', path: 'branch' },
        { id: b, path: 'shallow', depth: 1 },
        { id: empty },
      ],
      command: [
        'sh',
        '-c',
        'pwd; cat branch/a.txt branch/nested/commit/a.txt shallow/b.txt; git -C branch/nested/commit rev-list --count HEAD; git -C branch rev-list --count HEAD; ls',
      ],
    });
    const ended = await settled(stack, session.id);
    const log = await logOf(stack, session.id);
    expect(ended).toMatchObject({ status: 'succeeded', failure: null });
    expect(log).toContain('/workspace\n');
    expect(log).toContain('22b');
    expect(log).toContain(empty);
    expect(ended.repos.map(({ head }) => head === null)).toEqual([false, false, false, true]);
    expect(ended.repos[0]?.head).toBe(first.repo_head);
  });

  it('opens sixteen repos with one token', async () => {
    const ids = await Promise.all(Array.from({ length: 16 }, () => createRepo(stack)));
    const repos = ids.map((id, i) => ({ id, path: `r${i}`, depth: 1 }));
    const { id } = await startSession(stack, { repos, command: ['sh', '-c', 'ls -d r*/.git | wc -l'] });
    const ended = await settled(stack, id);
    expect(await logOf(stack, id)).toBe('16\n');
    expect(ended.token?.repoIds.toSorted()).toEqual(ids.toSorted());
  });

  it('shows the lines of the log while the command still runs', async () => {
    const repo = await createRepo(stack);
    const { id } = await startSession(stack, { repos: [{ id: repo }], command: ['sh', '-c', 'echo first; sleep 30'] });
    const response = await stack.call('GET', `/v1/sessions/${id}/logs?follow=true&stream=stdout`);
    const reader = response.body?.getReader();
    const { value } = (await reader?.read()) ?? {};
    expect(Buffer.from(value ?? []).toString()).toBe('first\n');
    expect((await getSession(stack, id)).status).toBe('running');
    await reader?.cancel();
    expect((await stack.call('POST', `/v1/sessions/${id}/stop`, { graceSeconds: 0 })).status).toBe(202);
    expect(await settled(stack, id)).toMatchObject({ status: 'stopped', token: { state: 'revoked' } });
  });

  it('reports the exit code of a failing command as the agent’s own', async () => {
    const repo = await createRepo(stack);
    const { id } = await startSession(stack, { repos: [{ id: repo }], command: ['sh', '-c', 'exit 42'] });
    expect(await settled(stack, id)).toMatchObject({ status: 'failed', exitCode: 42, failure: null });
  });

  it('gives a stopped agent its grace with the token alive, so that it can push', async () => {
    const repo = await createRepo(stack);
    const script =
      'trap "git push -q origin HEAD:refs/heads/agent/last && echo pushed; exit 0" TERM; echo up; while :; do sleep 0.1; done';
    const { id } = await startSession(stack, { repos: [{ id: repo }], command: ['sh', '-c', script] });
    await until(stack, id, ({ status }) => status === 'running');
    await stack.call('POST', `/v1/sessions/${id}/stop`, {});
    expect(await settled(stack, id)).toMatchObject({ status: 'stopped', exitCode: 0 });
    expect(await logOf(stack, id)).toContain('pushed');
  });

  it('deletes the token first when told to, then stops the agent', async () => {
    const repo = await createRepo(stack);
    const script = 'trap "git ls-remote origin && echo still open; exit 0" TERM; echo up; while :; do sleep 0.1; done';
    const { id } = await startSession(stack, { repos: [{ id: repo }], command: ['sh', '-c', script] });
    await until(stack, id, ({ status }) => status === 'running');
    await stack.call('POST', `/v1/sessions/${id}/stop`, { revoke: 'now' });
    expect(await settled(stack, id)).toMatchObject({ status: 'stopped', token: { state: 'revoked' } });
    expect(await logOf(stack, id)).not.toContain('still open');
  });

  it('ends by the shortest of many stops, with its token first if one says so, and is not forgotten meanwhile', async () => {
    const repo = await createRepo(stack);
    const command = ['sh', '-c', 'trap "" TERM; echo up; while :; do sleep 0.1; done'];
    const { id } = await startSession(stack, { repos: [{ id: repo }], command });
    await until(stack, id, ({ status }) => status === 'running');
    const stop = (body: object) => stack.call('POST', `/v1/sessions/${id}/stop`, body);
    const from = Date.now();
    const answers = [await stop({ graceSeconds: 60 }), await stop({ graceSeconds: 1 }), await stop({ revoke: 'now' })];
    const [forgotten, ...more] = await Promise.all([
      stack.call('DELETE', `/v1/sessions/${id}`),
      ...Array.from({ length: 20 }, (_, i) => stop({ graceSeconds: 30 + i })),
    ]);
    expect(new Set([...answers, ...more].map(({ status }) => status))).toEqual(new Set([202]));
    expect(forgotten.status).toBe(409);
    expect(await settled(stack, id)).toMatchObject({ status: 'stopped', exitCode: 137, token: { state: 'revoked' } });
    expect(Date.parse((await getSession(stack, id)).endedAt ?? '') - from).toBeLessThan(5_000);
  });

  it('ends at its deadline, with its token deleted', async () => {
    const repo = await createRepo(stack);
    const { id } = await startSession(stack, { repos: [{ id: repo }], command: ['sleep', '60'], timeoutSeconds: 3 });
    expect(await settled(stack, id)).toMatchObject({ status: 'timed_out', token: { state: 'revoked' } });
  });

  it('stays up without a command until it is stopped', async () => {
    const repo = await createRepo(stack);
    const { id } = await startSession(stack, { repos: [{ id: repo }] });
    await until(stack, id, ({ status }) => status === 'running');
    await stack.call('POST', `/v1/sessions/${id}/stop`, {});
    expect(await settled(stack, id)).toMatchObject({ status: 'stopped' });
  });

  it('ends when an operator revokes its token', async () => {
    const repo = await createRepo(stack);
    const { id } = await startSession(stack, { repos: [{ id: repo }], command: ['sleep', '60'] });
    const running = await until(stack, id, ({ status }) => status === 'running');
    expect((await stack.call('POST', `/v1/tokens/${running.token?.id}/revoke`)).status).toBe(202);
    expect(await settled(stack, id)).toMatchObject({ status: 'stopped', token: { state: 'revoked' } });
  });

  it('gives the command its secrets, and masks them in the log', async () => {
    const repo = await createRepo(stack);
    const { id } = await startSession(stack, {
      repos: [{ id: repo }],
      env: { COLOUR: 'green' },
      secrets: { MODEL_API_KEY: 'sk-obviously-fake-1234' },
      command: ['sh', '-c', 'echo $COLOUR ${#MODEL_API_KEY}; echo $MODEL_API_KEY; echo $MODEL_API_KEY | base64'],
    });
    await settled(stack, id);
    const log = await logOf(stack, id);
    expect(log).toContain('green 22\n[secret]\n');
    expect(log).not.toContain('sk-obviously-fake-1234');
    expect(log).not.toContain(Buffer.from('sk-obviously-fake-1234').toString('base64').slice(0, 20));
  });

  it('reaches its repo host with curl, Node’s fetch and the SDK’s variables, and nothing else', async () => {
    const repo = await createRepo(stack);
    const script = `
      curl -s -o /dev/null -w '%{http_code}\\n' -H "authorization: Bearer $REPO_TOKEN" $RELACE_BASE_URL/repo/${repo}
      node -e 'fetch(process.env.RELACE_BASE_URL + "/repo/${repo}", { headers: { authorization: "Bearer " + process.env.RELACE_API_KEY } }).then((r) => console.log("fetch " + r.status))'
      curl -s -o /dev/null -w 'delete %{http_code}\\n' -X DELETE -H "authorization: Bearer $REPO_TOKEN" $RELACE_BASE_URL/repo/${repo}
      curl -s -m 5 http://example.com/; curl -s -m 5 https://example.com/ || echo "no way out"
      curl -s -m 5 --noproxy '*' http://127.0.0.1:6379 || echo "no neighbour"`;
    const { id } = await startSession(stack, { repos: [{ id: repo }], command: ['sh', '-c', script] });
    await settled(stack, id);
    const log = await logOf(stack, id);
    expect(log).toContain('200\nfetch 200\ndelete 403\n');
    expect(log).toContain("example.com:80 is not in this session's network.allow");
    expect(log).toContain('no way out');
    expect(log).toContain('no neighbour');
  });

  it('opens its own repos and no other', async () => {
    const [mine, other] = [await createRepo(stack), await createRepo(stack)];
    const script = `git clone -q $RELACE_BASE_URL/repo/${other}.git /tmp/other 2>&1; curl -s -o /dev/null -w '%{http_code}' -H "authorization: Bearer $REPO_TOKEN" $RELACE_BASE_URL/repo/${other}`;
    const { id } = await startSession(stack, { repos: [{ id: mine }], command: ['sh', '-c', script] });
    await settled(stack, id);
    expect(await logOf(stack, id)).toMatch(/403$/m);
  });

  it('may read but not push when it was given read access', async () => {
    const repo = await createRepo(stack);
    const script = 'git fetch -q && echo fetched; git push -q origin HEAD:refs/heads/x 2>&1 || echo refused';
    const { id } = await startSession(stack, { repos: [{ id: repo, access: 'read' }], command: ['sh', '-c', script] });
    await settled(stack, id);
    expect(await logOf(stack, id)).toMatch(/fetched[^]*403[^]*refused/);
  });

  it('leaves nothing behind, all in all', async () => {
    expect(await nothingLeft(stack)).toEqual([]);
  });
});
