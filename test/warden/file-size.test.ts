import { expect, it } from 'vitest';
import { startTestWarden } from '../support/warden.ts';
import { runInSandbox } from './support/run-in-sandbox.ts';

it('lets an agent make files of any length, which hold no more than its workspace has', async () => {
  await using warden = await startTestWarden();
  const script = `
    cd /workspace; ulimit -f; truncate -s 1T long || truncate -s 3G long; echo $?
    head -c 80M /dev/zero > full; echo $?; rm long full; ulimit -c; ulimit -n`;
  const { stdout } = await runInSandbox(warden, ['sh', '-c', script]);
  const [files, sparse, full, cores, open] = stdout.trim().split('\n');
  expect({ files, sparse, cores, open }).toEqual({ files: 'unlimited', sparse: '0', cores: '0', open: '8192' });
  expect(Number(full)).toBeGreaterThan(0);
});
