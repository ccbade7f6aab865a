import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connectDocker } from '../../src/runtime/docker/connect.ts';
import { startStack } from '../support/stack.ts';
import { ensureTestImage } from '../support/test-image.ts';
import { createRepo, settled, startSession } from './session.ts';

test('an image whose git is too old is told so', async () => {
  const image = await ensureTestImage(connectDocker(process.env['DOCKER_HOST']), join(import.meta.dirname, 'old-git'));
  await using stack = await startStack({ DAYPASS_IMAGES: image });
  const repos = [{ id: await createRepo(stack) }];
  const { id } = await startSession(stack, { repos, image, command: ['true'] });
  expect(await settled(stack, id)).toMatchObject({
    status: 'failed',
    failure: { code: 'git_too_old', step: 'clone', message: expect.stringMatching(/needs 2\.20 or later: 2\.17\.1$/) },
    token: { state: 'revoked' },
  });
}, 120_000);
