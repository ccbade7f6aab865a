import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { nothingLeft, startStack, type Stack } from '../support/stack.ts';
import { createRepo, getSession, logOf, settled, startSession, until, type WireSession } from './session.ts';

const GRACE_MS = 10_000;
const LOOP = 'echo up; while :; do sleep 0.1; done';
/** Takes three seconds, in which nothing may interrupt it. */
const PUSH_LATE = 'echo told; sleep 3; git commit -q --allow-empty -m last-words; git push -q && echo pushed; exit 0';

type Timed = WireSession & { deadlineAt: string };

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(async () => stack[Symbol.asyncDispose]());

/** A session of `timeoutSeconds` that runs this script. */
async function start(script: string, { delivery = 'env', timeoutSeconds = 4 } = {}) {
  const repo = await createRepo(stack);
  const body = { repos: [{ id: repo }], credentials: { delivery }, command: ['sh', '-c', script], timeoutSeconds };
  const { id } = await startSession(stack, body);
  await eventually(
    async () => (await stack.call('GET', `/v1/sessions/${id}/logs`)).text(),
    (log) => log.includes('up'),
    { timeoutMs: 20_000 },
  );
  return { id, repo };
}

async function get(id: string): Promise<Timed> {
  return (await getSession(stack, id)) as Timed;
}

/** What its script said itself; a shell also says on its standard error what became of its `sleep`. */
async function outputOf(id: string): Promise<string> {
  return (await stack.call('GET', `/v1/sessions/${id}/logs?follow=true&stream=stdout`)).text();
}

const inItsGrace = (id: string) => until(stack, id, ({ status }) => status === 'stopping');

/** How long after its deadline a session ended, in ms. */
async function overtimeMs(id: string): Promise<number> {
  const { endedAt, deadlineAt } = await get(id);
  return Date.parse(endedAt ?? '') - Date.parse(deadlineAt);
}

/** The messages of a repo's commits, by git with the account's key. */
async function commitsOf(repo: string): Promise<string> {
  const { id } = await startSession(stack, { repos: [{ id: repo }], command: ['git', 'log', '--format=%s%n%b'] });
  await settled(stack, id);
  return logOf(stack, id);
}

async function answerTo(token: string, repo: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${stack.gitHostUrl}/repo/${repo}`, { headers })).status;
}

describe('at its deadline', () => {
  it.each(['env', 'gateway'])(
    'an agent commits and pushes what it has, delivery by %s, and its token is dead afterwards',
    async (delivery) => {
      const { id, repo } = await start(`trap "${PUSH_LATE}" TERM; ${LOOP}`, { delivery });
      expect((await inItsGrace(id)).token).toMatchObject({ state: 'active' });
      const ended = await settled(stack, id);
      expect(ended).toMatchObject({ status: 'timed_out', exitCode: 0, failure: null, token: { state: 'revoked' } });
      expect(ended.token?.verifiedAt).not.toBeNull();
      expect(await outputOf(id)).toBe('up\ntold\npushed\n');
      expect(await commitsOf(repo)).toContain('last-words');
      expect(await overtimeMs(id)).toBeLessThan(GRACE_MS);
    },
  );

  it('a token that the agent smuggles out by its last push opens nothing', async () => {
    const smuggle = 'git commit -q --allow-empty -m $(echo $REPO_TOKEN | rev) && git push -q; exit 0';
    const { id, repo } = await start(`trap '${smuggle}' TERM; ${LOOP}`);
    await settled(stack, id);
    const [line = ''] = (await commitsOf(repo)).split('\n');
    const token = line.split('').toReversed().join('');
    expect(token.length).toBeGreaterThan(20);
    expect(await answerTo(token, repo)).toBe(401);
  });

  it('one that ignores SIGTERM has ten seconds with its token, and is killed', async () => {
    const { id } = await start(`trap "" TERM; ${LOOP}`);
    const { deadlineAt } = await get(id);
    await sleep(Date.parse(deadlineAt) + GRACE_MS - 2_000 - Date.now());
    expect(await get(id)).toMatchObject({ status: 'stopping', token: { state: 'active' } });
    expect(await settled(stack, id)).toMatchObject({ status: 'timed_out', exitCode: 137, token: { state: 'revoked' } });
    expect(await overtimeMs(id)).toBeGreaterThanOrEqual(GRACE_MS);
    expect(await overtimeMs(id)).toBeLessThan(GRACE_MS + 3_000);
  });

  it('nothing extends or forgets it any more, and stops can only shorten its grace', async () => {
    const { id } = await start(`trap "" TERM; ${LOOP}`);
    await inItsGrace(id);
    const answers = await Promise.all([
      stack.call('POST', `/v1/sessions/${id}/extend`, { timeoutSeconds: 60 }),
      stack.call('DELETE', `/v1/sessions/${id}`),
      stack.call('POST', `/v1/sessions/${id}/stop`, { graceSeconds: 60 }),
    ]);
    const [extended, deleted] = await Promise.all(answers.slice(0, 2).map((answer) => answer.json()));
    expect(answers.map(({ status }) => status)).toEqual([409, 409, 202]);
    expect(extended).toMatchObject({ code: 'session_ended' });
    expect(deleted).toMatchObject({ code: 'session_not_ended' });
    await stack.call('POST', `/v1/sessions/${id}/stop`, { graceSeconds: 1 });
    expect(await settled(stack, id)).toMatchObject({ status: 'timed_out', token: { state: 'revoked' } });
    expect(await overtimeMs(id)).toBeLessThan(6_000);
  });

  it('“revoke now” in the grace takes the token at once, and lets the agent end', async () => {
    const { id } = await start('trap "echo told; sleep 4; git push 2>&1 | tail -1; exit 0" TERM; ' + LOOP);
    await inItsGrace(id);
    await stack.call('POST', `/v1/sessions/${id}/stop`, { revoke: 'now' });
    const gone = await until(stack, id, ({ token }) => token?.state === 'revoked');
    expect(gone.status).toBe('stopping');
    expect(await settled(stack, id)).toMatchObject({ status: 'timed_out', exitCode: 0 });
  });

  it('a worker that dies in the grace is replaced by one that gives the rest of it, and tells the agent nothing twice', async () => {
    const { id, repo } = await start(`trap "${PUSH_LATE}" TERM; ${LOOP}`);
    await inItsGrace(id);
    await stack.stop('worker', 'SIGKILL');
    await stack.start('worker');
    const ended = await settled(stack, id);
    expect(ended).toMatchObject({ status: 'timed_out', exitCode: 0, token: { state: 'revoked' } });
    expect(await outputOf(id)).toBe('up\ntold\npushed\n');
    expect(await commitsOf(repo)).toContain('last-words');
  });

  it('and no further: the next worker kills what the one before would have killed', async () => {
    const { id } = await start(`trap "" TERM; ${LOOP}`);
    await inItsGrace(id);
    await stack.stop('worker', 'SIGKILL');
    await sleep(4_000);
    await stack.start('worker');
    expect(await settled(stack, id)).toMatchObject({ status: 'timed_out', token: { state: 'revoked' } });
    expect(await overtimeMs(id)).toBeLessThan(GRACE_MS + 3_000);
  });

  it('a gateway that is started again in the grace still lets the push through', async () => {
    const { id, repo } = await start(`trap "${PUSH_LATE}" TERM; ${LOOP}`, { delivery: 'gateway' });
    await inItsGrace(id);
    await stack.stop('gateway', 'SIGKILL');
    await stack.start('gateway');
    expect(await settled(stack, id)).toMatchObject({ status: 'timed_out', exitCode: 0 });
    expect(await commitsOf(repo)).toContain('last-words');
  });

  it('without any worker its sandbox gives it the same: SIGTERM, a push, an end', async () => {
    const { id, repo } = await start(`trap "${PUSH_LATE}" TERM; ${LOOP}`, { timeoutSeconds: 6 });
    await stack.stop('worker', 'SIGKILL');
    const { deadlineAt } = await get(id);
    await sleep(Date.parse(deadlineAt) + GRACE_MS - 1_000 - Date.now());
    // The commit is there before any worker is.
    const { data } = (await (await stack.call('GET', `/v1/tokens?limit=100`)).json()) as {
      data: { sessionId: string; state: string }[];
    };
    expect(data.find(({ sessionId }) => sessionId === id)).toMatchObject({ state: 'active' });
    await stack.start('worker');
    expect(await settled(stack, id)).toMatchObject({ status: 'timed_out', exitCode: 0, token: { state: 'revoked' } });
    expect(await outputOf(id)).toBe('up\ntold\npushed\n');
    expect(await commitsOf(repo)).toContain('last-words');
  });

  it('a worker that cannot ask the store ends it all the same', async () => {
    const { id } = await start(`trap "" TERM; ${LOOP}`, { timeoutSeconds: 5 });
    const { deadlineAt } = await get(id);
    await stack.redis.kill();
    await eventually(
      async () => (await stack.containers()).filter(({ State }) => State === 'running'),
      (running) => running.length === 0,
      { timeoutMs: 30_000, everyMs: 200 },
    );
    const killedAfterMs = Date.now() - Date.parse(deadlineAt);
    await stack.redis.restart();
    await eventually(
      () => stack.call('GET', '/v1/sessions'),
      ({ status }) => status === 200,
      { timeoutMs: 20_000 },
    );
    expect(killedAfterMs).toBeGreaterThan(GRACE_MS - 500);
    expect(killedAfterMs).toBeLessThan(GRACE_MS + 4_000);
    expect(await settled(stack, id)).toMatchObject({ status: 'timed_out', token: { state: 'revoked' } });
  });

  it('leaves nothing behind, all in all', async () => {
    expect(await nothingLeft(stack)).toEqual([]);
  });
});
