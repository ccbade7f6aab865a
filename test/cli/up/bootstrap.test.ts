import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const BOOTSTRAP = fileURLToPath(new URL('../../../src/cli/up/bootstrap.mjs', import.meta.url));
const MAIN = `
console.log(JSON.stringify({ args: process.argv.slice(2), path: process.env.PATH.split(':')[0] }));
process.on('SIGTERM', () => process.exit(5));
if (process.argv[2] === 'wait') setInterval(() => undefined, 1000);
else process.exitCode = 3;
`;

describe('what runs before anything is installed', () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'daypass-bootstrap-'));
    await mkdir(join(root, 'src/cli/up'), { recursive: true });
    await cp(BOOTSTRAP, join(root, 'src/cli/up/bootstrap.mjs'));
    await writeFile(join(root, 'src/cli/up/main.ts'), MAIN);
    // One package, which lies beside it: nothing is fetched.
    const project = { name: 'x', version: '1.0.0', dependencies: { y: 'file:y' } };
    const packages = { '': project, 'node_modules/y': { resolved: 'y', link: true }, y: { version: '1.0.0' } };
    const lock = { ...project, lockfileVersion: 3, packages };
    await mkdir(join(root, 'y'));
    await writeFile(join(root, 'y/package.json'), '{ "name": "y", "version": "1.0.0" }');
    await writeFile(join(root, 'package.json'), JSON.stringify(project));
    await writeFile(join(root, 'package-lock.json'), JSON.stringify(lock));
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  const start = (...args: string[]) => {
    const child = spawn(process.execPath, [join(root, 'src/cli/up/bootstrap.mjs'), ...args], { cwd: root });
    let output = '';
    child.stdout.on('data', (chunk) => (output += String(chunk)));
    child.stderr.on('data', (chunk) => (output += String(chunk)));
    const exited = once(child, 'close').then(([code]) => code as number);
    return { child, exited, output: () => output };
  };

  it('installs the packages the first time only, hands the arguments over, and gives the exit code', async () => {
    const first = start('start', '--exit');
    expect(await first.exited).toBe(3);
    expect(first.output()).toMatch(/✓ packages/);
    expect(first.output()).toContain(
      JSON.stringify({ args: ['start', '--exit'], path: join(root, 'node_modules/.bin') }),
    );
    const second = start('start');
    expect(await second.exited).toBe(3);
    expect(second.output()).not.toContain('packages');
  });

  it('passes a SIGTERM on, and ends as what it started ends', async () => {
    const { child, exited, output } = start('wait');
    await expect.poll(output, { timeout: 10_000 }).toContain('"wait"');
    child.kill('SIGTERM');
    expect(await exited).toBe(5);
  });
});
