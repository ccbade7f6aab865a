import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { SANDBOX_IMAGE } from '../../src/images/sandbox-image.ts';
import { eventually } from '../support/eventually.ts';
import { nothingLeft, startStack } from '../support/stack.ts';
import { createRepo, settled, startSession, until } from './session.ts';

it('a container and a way out that no session names are removed, and those of a living one stay', async () => {
  await using stack = await startStack();
  const repo = await createRepo(stack);
  const { id } = await startSession(stack, { repos: [{ id: repo }], command: ['sleep', '60'] });
  const { container } = await until(stack, id, ({ status }) => status === 'running');

  const [living] = await stack.containers();
  const labels = { ...living?.Labels, 'daypass.sandbox': 'sbx_stray', 'daypass.session': 'ses_gone' };
  await stack.docker.createContainer({ name: 'sbx_stray', Image: SANDBOX_IMAGE, Labels: labels });
  await mkdir(join(stack.dir, 'run', 'gateways', 'sbx_stray'), { recursive: true });

  const left = await eventually(
    () => stack.containers(),
    (found) => found.length === 1,
    { timeoutMs: 15_000 },
  );
  expect(left[0]?.Labels['daypass.sandbox']).toBe(container?.id);
  expect(await until(stack, id, ({ status }) => status === 'running')).toMatchObject({ status: 'running' });
  await stack.call('POST', `/v1/sessions/${id}/stop`, { graceSeconds: 0 });
  await settled(stack, id);
  expect(await nothingLeft(stack)).toEqual([]);
});
