import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { SANDBOX_IMAGE } from '../../src/images/sandbox-image.ts';
import { createRepo, settled, startSession } from '../scenarios/session.ts';
import type { Stack } from '../support/stack.ts';

const LINE = 'the first line';
const COMMAND = ['sh', '-c', `cat README.md > /dev/null && echo ${LINE}`];

/**
 * Times, in ms, from asking for the work to seeing the first line that its command prints: by a session, and by hand with
 * the same image, repo and command. The two take turns. By hand the container has the host's network, which is its
 * quickest way: a bridge would make it slower.
 */
export async function benchFirstLine(stack: Stack, rounds: number): Promise<{ session: number[]; byHand: number[] }> {
  const repoId = await createRepo(stack);
  const { token } = await stack.relace().repoToken.create({ name: 'bench', repo_ids: [repoId] });
  const url = `${stack.gitHostUrl.replace('http://', `http://token:${token}@`)}/repo/${repoId}.git`;
  const figures: { session: number[]; byHand: number[] } = { session: [], byHand: [] };
  // The first of each warms caches up and does not count.
  for (let round = 0; round <= rounds; round++) {
    const session = await bySession(stack, repoId);
    const byHand = await withDockerRun(url);
    if (round === 0) continue;
    figures.session.push(session);
    figures.byHand.push(byHand);
  }
  return figures;
}

async function bySession(stack: Stack, repoId: string): Promise<number> {
  const began = performance.now();
  const { id } = await startSession(stack, { repos: [{ id: repoId }], command: COMMAND });
  const response = await stack.call('GET', `/v1/sessions/${id}/logs?follow=true&stream=stdout`);
  if (response.body === null) throw new Error('the log has no body');
  const ms = await untilLine(response.body, began);
  await settled(stack, id);
  return ms;
}

async function withDockerRun(url: string): Promise<number> {
  const script = `git clone -q "${url}" /tmp/repo && cd /tmp/repo && exec "$@"`;
  const began = performance.now();
  const args = ['run', '--rm', '--network', 'host', SANDBOX_IMAGE, 'sh', '-c', script, 'sh', ...COMMAND];
  const child = spawn('docker', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const ms = await untilLine(child.stdout, began);
  await exited;
  return ms;
}

async function untilLine(output: AsyncIterable<Uint8Array>, began: number): Promise<number> {
  let seen = '';
  for await (const chunk of output) {
    seen += Buffer.from(chunk).toString();
    if (seen.includes(LINE)) return performance.now() - began;
  }
  throw new Error(`the output ended without the line: ${seen}`);
}
