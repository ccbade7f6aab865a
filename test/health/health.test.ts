import { execFile } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startStack, type Stack } from '../support/stack.ts';

const run = promisify(execFile);
const ROLES = ['api', 'git-host', 'minter', 'gateway', 'warden', 'worker'] as const;

describe('the health of a role', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ DAYPASS_WORKER_NAME: 'worker-of-a-test' });
  });
  afterAll(async () => stack[Symbol.asyncDispose]());

  /** What is wrong with a role; empty when nothing is. */
  const problemOf = async (role: string): Promise<string> => {
    try {
      const { stdout } = await run(process.execPath, ['src/health/main.ts', role], { env: stack.env });
      return stdout;
    } catch (error) {
      const { code, stderr } = error as { code: number; stderr: string };
      expect(code).toBe(1);
      return stderr;
    }
  };
  const unwell = async (): Promise<string[]> => {
    const found = await Promise.all(ROLES.map(async (role) => ({ role, problem: await problemOf(role) })));
    return found.filter(({ problem }) => problem !== '').map(({ role }) => role);
  };

  it('is good where it runs', async () => {
    expect(await unwell()).toEqual([]);
  });

  it('is bad where Redis is away, for those that can do nothing without it, and good again afterwards', async () => {
    await stack.redis.kill();
    expect(await unwell()).toEqual(['api', 'minter', 'worker']);
    expect(await problemOf('worker')).toContain('Redis did not answer');
    expect(await problemOf('minter')).toContain('Redis does not answer the minter');
    await stack.redis.restart();
    await expect.poll(unwell, { timeout: 40_000 }).toEqual([]);
  });

  it('is bad for a process that is frozen', async () => {
    process.kill(stack.process('gateway').pid, 'SIGSTOP');
    expect(await problemOf('gateway')).toBe('gateway: no answer within 4 s\n');
    process.kill(stack.process('gateway').pid, 'SIGCONT');
    await expect.poll(() => problemOf('gateway')).toBe('');
  });

  it('is bad for a gateway that cannot see its policies', async () => {
    const policies = join(stack.dir, 'run', 'policies');
    await rm(policies, { recursive: true });
    await expect
      .poll(() => problemOf('gateway'), { timeout: 15_000 })
      .toMatch(/^gateway: it answered 503: the policies could not be looked at for \d+ s\n$/);
    await mkdir(policies, { mode: 0o700 });
    await expect.poll(() => problemOf('gateway'), { timeout: 15_000 }).toBe('');
  });

  it('is bad for each that has ended, in order on SIGTERM', async () => {
    for (const role of ROLES) {
      await stack.stop(role);
      expect(await problemOf(role)).toContain(`${role}: `);
    }
    expect(await unwell()).toEqual([...ROLES]);
  });

  it('is asked of roles that there are', async () => {
    expect(await problemOf('nobody')).toBe(
      'nobody: there is no such role; there are api, git-host, minter, gateway, warden, worker\n',
    );
  });
});
