import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nothingLeft, startStack, type Stack } from '../support/stack.ts';
import { createRepo, logOf, settled, startSession, until } from './session.ts';

const BY_GATEWAY = { delivery: 'gateway' };

describe('a session whose token never enters its sandbox', () => {
  let stack: Stack;
  beforeAll(async () => {
    // As at the hosted service: its tokens always may write.
    stack = await startStack({ DAYPASS_RELACE_READ_TOKENS: 'false' });
  });
  afterAll(async () => stack[Symbol.asyncDispose]());

  /** The log of a session that runs this script. */
  const run = async (repos: object[], script: string): Promise<{ id: string; log: string }> => {
    const session = await startSession(stack, { repos, credentials: BY_GATEWAY, command: ['sh', '-c', script] });
    await settled(stack, session.id);
    return { id: session.id, log: await logOf(stack, session.id) };
  };

  it('clones, fetches and pushes under the host’s own URL, with no credential anywhere inside', async () => {
    const repo = await createRepo(stack);
    const { id, log } = await run(
      [{ id: repo, path: 'app' }],
      `
      set -e
      env | grep -E 'REPO_TOKEN|RELACE_API_KEY|rrt_' && exit 8
      git config remote.origin.url
      git checkout -q -b work && echo change >> README.md && git commit -qam "A change"
      git push -q origin work && git fetch -q origin && git log --oneline origin/work | wc -l
      git clone -q $RELACE_BASE_URL/repo/${repo}.git /tmp/again && git -C /tmp/again log --oneline origin/work | wc -l
      test "$(git ls-remote origin work | cut -f1)" = "$(git rev-parse HEAD)" && echo SAME
      curl -s -o /dev/null -w 'refs %{http_code}\\n' "$RELACE_BASE_URL/repo/${repo}.git/info/refs?service=git-upload-pack"
      curl -s -w 'rest %{http_code}\\n' "$RELACE_BASE_URL/repo/${repo}"
      tr '\\0' '\\n' < /proc/1/environ | grep -i token || echo DONE`,
    );
    expect(log).toContain(`${stack.gitHostUrl}/repo/${repo}.git\n`);
    expect(log).toContain('2\n2\nSAME\nrefs 200\n');
    expect(log).toContain(
      "daypass: in this session only git's fetch and push of its repos reach the repo host\nrest 403\n",
    );
    expect(log).toContain('DONE\n');
    expect(await (await stack.call('GET', `/v1/sessions/${id}`)).json()).toMatchObject({
      status: 'succeeded',
      credentials: BY_GATEWAY,
      repos: [{ access: 'write', push: null }],
      token: { state: 'revoked', verifiedAt: expect.any(String) },
    });
  });

  it('may read but not push what it was given read access to, and learns which rule says so', async () => {
    const [read, other] = [await createRepo(stack), await createRepo(stack)];
    const { log } = await run(
      [{ id: read, access: 'read' }],
      `git fetch -q && echo fetched; git push origin HEAD:refs/heads/x 2>&1
       git clone $RELACE_BASE_URL/repo/${other}.git /tmp/other 2>&1`,
    );
    expect(log).toContain('fetched\nfatal: remote error: daypass: this session may read this repo and not push to it');
    expect(log).toContain('fatal: remote error: daypass: this is no repo of this session');
  });

  it('pushes to its own branches only, and neither forces nor deletes unless it may', async () => {
    const repo = await createRepo(stack);
    const script = `
      mine=agent/$DAYPASS_SESSION_ID
      git checkout -q -b work; for i in 1 2 3; do git commit -q --allow-empty -m "$i"; done
      git push origin HEAD:main 2>&1 | grep rejected
      git push origin HEAD:$mine/a HEAD:refs/heads/main 2>&1 | grep rejected
      git push -q origin HEAD~1:refs/heads/$mine/a && echo made
      git push -q origin HEAD:refs/heads/$mine/a && echo moved
      git push origin +HEAD~2:refs/heads/$mine/a 2>&1 | grep rejected
      git commit -q --amend --allow-empty -m other; git push -f origin HEAD:refs/heads/$mine/a 2>&1 | grep rejected
      git push origin :refs/heads/$mine/a 2>&1 | grep rejected
      git push origin HEAD:refs/tags/v1 2>&1 | grep rejected
      git ls-remote origin`;
    const { id, log } = await run([{ id: repo, push: {} }], script);
    const only = `(daypass: pushes go to agent/${id}/* only)`;
    expect(log).toContain(`! [remote rejected] HEAD -> main ${only}`);
    expect(log).toContain(`HEAD -> agent/${id}/a (daypass: not pushed, because another ref of this push was refused)`);
    expect(log).toContain('made\nmoved\n');
    expect(log.match(/no fast-forward, and force pushes are not allowed/g)).toHaveLength(2);
    expect(log).toContain('nothing may be deleted in this session');
    expect(log).toContain(`HEAD -> v1 ${only}`);
    expect(log.match(/refs\/heads\/agent/g)).toHaveLength(1);
    const { data } = (await (await stack.call('GET', `/v1/sessions/${id}/events?limit=200`)).json()) as {
      data: { type: string; detail: { verdict?: string; reason?: string } }[];
    };
    const told = data
      .filter(({ type }) => type === 'network')
      .map(({ detail }) => `${detail.verdict} ${detail.reason}`);
    expect(told).toContain(`refused git push refs/heads/main refused: pushes go to agent/${id}/* only`);
    expect(told).toContain(`allowed git push refs/heads/agent/${id}/a`);
  });

  it('forces, deletes and tags where it was given the right to', async () => {
    const repo = await createRepo(stack);
    const push = { branches: ['main', 'refs/tags/v*'], force: true, delete: true };
    const script = `
      git commit -q --amend -m other && git push -q -f origin HEAD:main && echo forced
      git push -q origin HEAD:refs/tags/v1 && git push -q origin :refs/tags/v1 && echo tagged and deleted`;
    const { log } = await run([{ id: repo, push }], script);
    expect(log).toContain('forced\ntagged and deleted\n');
  });

  it('goes on over a restart of the gateway, and is over when its token is revoked', async () => {
    const repo = await createRepo(stack);
    const script = 'while :; do git fetch 2>&1 && echo fetched; sleep 0.3; done';
    const { id } = await startSession(stack, {
      repos: [{ id: repo }],
      credentials: BY_GATEWAY,
      command: ['sh', '-c', script],
    });
    const { token } = await until(stack, id, ({ status }) => status === 'running');
    await stack.stop('gateway', 'SIGKILL');
    await stack.start('gateway');
    const fetches = async (): Promise<number> =>
      ((await (await stack.call('GET', `/v1/sessions/${id}/logs`)).text()).match(/fetched/g) ?? []).length;
    const before = await fetches();
    await expect.poll(fetches, { timeout: 15_000 }).toBeGreaterThan(before + 1);
    await stack.call('POST', `/v1/tokens/${token?.id}/revoke`);
    expect(await settled(stack, id)).toMatchObject({ status: 'stopped', token: { state: 'revoked' } });
  });

  it('leaves nothing behind, all in all', async () => {
    expect(await nothingLeft(stack)).toEqual([]);
  });
});
