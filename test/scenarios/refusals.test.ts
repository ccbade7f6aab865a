import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nothingLeft, startStack, type Stack } from '../support/stack.ts';
import { openDockerRelay } from '../support/docker-relay.ts';
import { createRepo, logOf, settled, startSession, until } from './session.ts';

describe('what cannot be done is refused, and leaves nothing', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(async () => stack[Symbol.asyncDispose]());

  it('a repo that the host does not know', async () => {
    const id = randomUUID();
    const session = await startSession(stack, { repos: [{ id }], command: ['true'] });
    const ended = await settled(stack, session.id);
    expect(ended).toMatchObject({
      status: 'failed',
      exitCode: null,
      failure: { code: 'repo_not_found', step: 'mint' },
    });
    expect(ended.failure?.message).toContain(id);
    expect(ended.token?.state).toBe('refused');
  });

  it('a repo that the host does not grant', async () => {
    const repo = await createRepo(stack);
    // A key that may not mint anything, as an account without rights to the repo would have.
    const { token } = await stack.relace().repoToken.create({ name: 'powerless', repo_ids: [repo] });
    await stack.stop('minter');
    await stack.start('minter', { DAYPASS_RELACE_API_KEY: token });
    const { id } = await startSession(stack, { repos: [{ id: repo }], command: ['true'] });
    expect(await settled(stack, id)).toMatchObject({
      status: 'failed',
      failure: { code: 'repo_refused' },
      token: { state: 'refused' },
    });
    await stack.stop('minter');
    await stack.start('minter');
    await stack.relace().repoToken.delete(token);
  });

  it('a branch that the repo does not have, by name', async () => {
    const repo = await createRepo(stack);
    const { id } = await startSession(stack, { repos: [{ id: repo, ref: 'no-such-branch' }], command: ['true'] });
    const ended = await settled(stack, id);
    expect(ended).toMatchObject({
      status: 'failed',
      failure: { code: 'ref_not_found', step: 'clone' },
      token: { state: 'revoked' },
    });
    expect(ended.failure?.message).toContain('no-such-branch');
  });

  it('a commit that the repo does not have', async () => {
    const repo = await createRepo(stack);
    const { id } = await startSession(stack, { repos: [{ id: repo, ref: 'a'.repeat(40) }], command: ['true'] });
    expect(await settled(stack, id)).toMatchObject({ status: 'failed', failure: { code: 'ref_not_found' } });
  });

  it('a clone into a directory that another clone has filled', async () => {
    const repo = await createRepo(stack, { 'lib/x.txt': 'x' });
    const repos = [
      { id: repo, path: 'app' },
      { id: repo, path: 'app/lib' },
    ];
    const { id } = await startSession(stack, { repos, command: ['true'] });
    const ended = await settled(stack, id);
    expect(ended).toMatchObject({
      status: 'failed',
      failure: { code: 'clone_failed', step: 'clone' },
      token: { state: 'revoked' },
    });
    expect(ended.failure?.message).toContain('already exists and is not an empty directory');
  });

  it('a command that is not there', async () => {
    const repo = await createRepo(stack);
    const { id } = await startSession(stack, { repos: [{ id: repo }], command: ['no-such-program'] });
    const ended = await settled(stack, id);
    expect(ended).toMatchObject({
      status: 'failed',
      exitCode: 127,
      failure: { code: 'command_not_found', step: 'run' },
    });
  });

  it.each([
    ['that is not executable', 'printf "#!/bin/sh\\n" > a', 'its mode is 644; make it executable with chmod +x'],
    [
      'whose lines end as on Windows',
      'printf "#!/bin/sh\\r\\n" > a; chmod +x a',
      'names /bin/sh and ends with a carriage',
    ],
    ['whose interpreter is missing', 'printf "#!/opt/none\\n" > a; chmod +x a', 'interpreter /opt/none is not there'],
  ])('a command %s', async (_what, make, words) => {
    const files = { 'make.sh': `${make}\n` };
    const repo = await createRepo(stack, files);
    const first = await startSession(stack, {
      repos: [{ id: repo }],
      command: ['sh', '-c', 'sh make.sh && git add a && git commit -qm a && git push -q'],
    });
    expect(await settled(stack, first.id)).toMatchObject({ status: 'succeeded' });
    const { id } = await startSession(stack, { repos: [{ id: repo }], command: ['./a'] });
    const ended = await settled(stack, id);
    expect(ended).toMatchObject({ status: 'failed', exitCode: 126, failure: { code: 'command_not_executable' } });
    expect(ended.failure?.message).toContain(words);
  });

  it('a command that needs more memory than it has', async () => {
    const repo = await createRepo(stack);
    const { id } = await startSession(stack, {
      repos: [{ id: repo }],
      resources: { memoryMb: 64 },
      command: ['python3', '-c', 'x = bytearray(500 * 1024 * 1024)'],
    });
    expect(await settled(stack, id)).toMatchObject({
      status: 'failed',
      exitCode: 137,
      failure: { code: 'out_of_memory' },
    });
  });

  it('an image that is not allowed, at the door', async () => {
    const repo = await createRepo(stack);
    const response = await stack.call('POST', '/v1/sessions', { repos: [{ id: repo }], image: 'debian:12' });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({
      code: 'image_not_allowed',
      errors: [{ path: 'image', message: expect.stringContaining('daypass/*') }],
    });
  });

  it('a log that never ends is capped with a mark, and the command goes on', async () => {
    await using small = await startStack({ DAYPASS_LOG_LIMIT_MB: '1' });
    const repo = await createRepo(small);
    const { id } = await startSession(small, { repos: [{ id: repo }], command: ['sh', '-c', 'seq 1 400000; exit 5'] });
    expect(await settled(small, id)).toMatchObject({ status: 'failed', exitCode: 5 });
    const capped = await small.call('GET', `/v1/sessions/${id}/logs?stream=system`, undefined, {
      accept: 'application/x-ndjson',
    });
    expect(await capped.text()).toContain('"code":"log_capped"');
    expect((await logOf(small, id)).length).toBeLessThan(1_100_000);
  });

  it('anything, when the minter is away: the session says so', async () => {
    const repo = await createRepo(stack);
    await stack.stop('minter');
    const { id } = await startSession(stack, { repos: [{ id: repo }], command: ['true'] });
    expect(await until(stack, id, ({ status }) => status === 'failed')).toMatchObject({
      failure: { code: 'minter_unavailable' },
    });
    await stack.start('minter');
  });

  it('minting, when the repo host is away: the session says so, and the token is unknown', async () => {
    const repo = await createRepo(stack);
    await stack.stop('git-host');
    const { id } = await startSession(stack, { repos: [{ id: repo }], command: ['true'] });
    const ended = await until(stack, id, ({ status }) => status === 'failed');
    expect(ended).toMatchObject({ failure: { code: 'provider_unavailable' }, token: { state: 'unknown' } });
    await stack.start('git-host');
  });

  it('new sessions, when Redis is away: 503, nothing half done, and it recovers by itself', async () => {
    const repo = await createRepo(stack);
    await stack.redis.kill('SIGTERM');
    const refused = await stack.call('POST', '/v1/sessions', { repos: [{ id: repo }], command: ['true'] });
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ code: 'unavailable' });
    expect((await stack.call('GET', '/readyz')).status).toBe(503);
    await stack.redis.restart();
    await expect.poll(async () => (await stack.call('GET', '/readyz')).status, { timeout: 15_000 }).toBe(200);
    const listed = (await (await stack.call('GET', '/v1/sessions?status=queued')).json()) as { data: unknown[] };
    expect(listed.data).toEqual([]);
    const { id } = await startSession(stack, { repos: [{ id: repo }], command: ['true'] });
    expect(await settled(stack, id)).toMatchObject({ status: 'succeeded' });
  });

  it('and in the end there is nothing left', async () => {
    // The one token whose answer was lost with the repo host was never minted there.
    expect(await nothingLeft(stack)).toEqual([]);
  });
});

describe('Docker away', () => {
  it('a session fails with engine_unavailable, its token is deleted, and the worker goes on', async () => {
    await using stack = await startStack();
    await using relay = await openDockerRelay();
    await stack.stop('warden');
    await stack.start('warden', { DOCKER_HOST: `unix://${relay.socket}` });
    const repo = await createRepo(stack);
    await relay.cut();
    const { id } = await startSession(stack, { repos: [{ id: repo }], command: ['true'] });
    const ended = await until(stack, id, ({ status, token }) => status === 'failed' && token?.state === 'revoked');
    expect(ended).toMatchObject({ failure: { code: 'engine_unavailable', step: 'container' } });
    await relay.mend();
    const again = await startSession(stack, { repos: [{ id: repo }], command: ['true'] });
    expect(await settled(stack, again.id)).toMatchObject({ status: 'succeeded' });
    expect(await nothingLeft(stack)).toEqual([]);
  });

  it('but answering nothing: a token is deleted at its deadline all the same, and the session ends', async () => {
    await using stack = await startStack();
    await using relay = await openDockerRelay();
    await stack.stop('warden');
    await stack.start('warden', { DOCKER_HOST: `unix://${relay.socket}` });
    const repo = await createRepo(stack);
    await relay.hang();
    const { id } = await startSession(stack, { repos: [{ id: repo }], command: ['true'], timeoutSeconds: 2 });
    const ended = await until(stack, id, ({ token, endedAt }) => token?.state === 'revoked' && endedAt !== null);
    expect(ended).toMatchObject({ status: 'timed_out', container: { removedAt: null } });
    await relay.mend();
    await settled(stack, id);
    expect(await nothingLeft(stack)).toEqual([]);
  });
});
