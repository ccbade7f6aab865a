import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunScript } from './toolbox.ts';

/** These run init in a container, whose image has no C library for a sanitized one. */
const IN_CONTAINERS = ['in-container.test.ts', 'any-image.test.ts', 'unreachable.test.ts'];

/**
 * Holds init, built with the address and undefined-behaviour sanitizers, to its whole suite of tests. Resolves with whether
 * it passed; what failed is on the screen.
 */
export async function runSanitizedSuite(root: string, out: string, runScript: RunScript): Promise<boolean> {
  const { exitCode, output } = await runScript('sanitized-init.sh', [out]);
  if (exitCode !== 0) throw new Error(`Init could not be built with sanitizers:\n${output}`);
  const files = (await readdir(join(root, 'test/init'))).filter(
    (name) => name.endsWith('.test.ts') && !IN_CONTAINERS.includes(name),
  );
  const suite = spawn(join(root, 'node_modules/.bin/vitest'), ['run', ...files.map((name) => `test/init/${name}`)], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, DAYPASS_TEST_TOOLS: join(out, 'tools') },
  });
  const [code] = (await once(suite, 'exit')) as [number | null];
  return code === 0;
}
