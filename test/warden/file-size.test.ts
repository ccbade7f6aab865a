import { expect, it } from 'vitest';
import { startTestWarden } from '../support/warden.ts';
import { runInSandbox } from './support/run-in-sandbox.ts';

it('lets no file of an agent be longer than its workspace, and the agent not ask for more', async () => {
  await using warden = await startTestWarden();
  const script = `ulimit -Hf; truncate -s 65M /tmp/long; echo $?; ulimit -f unlimited; echo $?`;
  const { stdout } = await runInSandbox(warden, ['sh', '-c', script]);
  const [blocks = '', ...rest] = stdout.trim().split('\n');
  // In units of 512 bytes; the workspace has 64 MiB, of which a disk's metadata are a part.
  expect(Number(blocks) * 512).toBeGreaterThan(48 * 2 ** 20);
  expect(Number(blocks) * 512).toBeLessThanOrEqual(64 * 2 ** 20);
  expect(rest.map(Number).every((code) => code > 0)).toBe(true);
});
