import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { doctor } from '../../../src/cli/doctor/doctor.ts';
import { createRepo, settled, startSession } from '../../scenarios/session.ts';
import { startStack } from '../../support/stack.ts';
import { quietProgress } from '../support/quiet-progress.ts';

const SANDBOX = 'sbx_0123456789abcdef';

async function examine(env: Record<string, string>): Promise<{ code: number; lines: string[] }> {
  const progress = quietProgress();
  const code = await doctor({ env, root: '/', progress });
  return { code, lines: progress.lines };
}

test('a Daypass that is well gets a tick for everything, while a session runs and after it', async () => {
  await using stack = await startStack();
  const repo = await createRepo(stack);
  const { id } = await startSession(stack, { repos: [{ id: repo }], command: ['true'] });
  await settled(stack, id);
  const { code, lines } = await examine(stack.env);
  expect(lines.filter((line) => !line.startsWith('✓'))).toEqual([]);
  expect(lines.some((line) => /^✓ disk way: (ext4 loop|tmpfs because .+)$/.test(line))).toBe(true);
  expect(lines.map((line) => /✓ ([^:]+):/.exec(line)?.[1])).toEqual([
    'Docker engine',
    'engine versions',
    'image daypass/sandbox',
    'run directory',
    'memory directory',
    'gateway',
    'warden',
    'minter',
    'disk way',
    'inotify instances',
    'repo host',
    'Redis',
    'seal keys',
    'deletions',
    'invariants',
  ]);
  expect(code).toBe(0);
});

test('what is wrong is named, with how to mend it, and the exit code is 1', async () => {
  await using stack = await startStack();
  await stack.stop('minter');
  await stack.stop('worker');
  const { Id } = await (async () => {
    const labels = { 'daypass.installation': stack.installation, 'daypass.sandbox': SANDBOX };
    const container = await stack.docker.createContainer({ Image: 'daypass/sandbox', name: SANDBOX, Labels: labels });
    return container.inspect();
  })();
  expect(Id).not.toBe('');
  await rm(join(stack.dir, 'run', 'policies'), { recursive: true });
  const { code, lines } = await examine({ ...stack.env, DAYPASS_RELACE_API_KEY: 'a-key-that-nobody-knows' });
  const wrong = lines.filter((line) => line.startsWith('✗'));
  expect(wrong).toEqual([
    expect.stringContaining('✗ gateway:'),
    expect.stringContaining('✗ minter:'),
    `✗ repo host: ${stack.gitHostUrl} refuses the key`,
    expect.stringContaining('✗ invariants: The repo host answered 401'),
  ]);
  expect(lines.filter((line) => line.startsWith('  '))).toHaveLength(wrong.length);
  expect(code).toBe(1);

  const second = await examine(stack.env);
  expect(second.lines.filter((line) => line.startsWith('✗ invariants'))).toEqual([
    `✗ invariants: The container ${SANDBOX} (created) is left of sandbox ${SANDBOX} of no session`,
  ]);
});
