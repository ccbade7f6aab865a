import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { beforeEach, expect, it, onTestFinished } from 'vitest';

const SCRIPT = new URL('../../docker/compose/host.sh', import.meta.url);

let dir: string;
let places: [runDir: string, diskDir: string, toolsDir: string];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'dp-host-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  places = [join(dir, 'run'), join(dir, 'disks'), join(dir, 'tools')];
});

/**
 * Runs the service `host` until it is ready, then ends it; resolves with what it said. Its parent stands for the engine's shim:
 * what is mounted is mounted in that one's view, which shares nothing, as on a host without systemd. `before` and `after` are
 * run in that view.
 */
async function upAndDown(before = '', after = 'true'): Promise<string> {
  // The container has a /tmp of its own, and nothing that is mounted on the host; the shim outlives it.
  const container = 'umount "$@" 2>/dev/null; mount -t tmpfs none /tmp; exec sh -s "$@"';
  const shim = `trap : TERM; ${before} unshare --mount sh -c '${container}' host "$@"; ${after}`;
  const child = spawn('unshare', ['--mount', 'sh', '-c', shim, 'shim', ...places], {
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  createReadStream(SCRIPT).pipe(child.stdin);
  const said = text(child.stdout);
  await once(child.stdout, 'data');
  const group = -(child.pid ?? 0);
  process.kill(group, 'SIGTERM');
  await once(child, 'exit');
  try {
    // With a container ends whatever is in it: here what it waits by, where that was begun only after the signal.
    process.kill(group, 'SIGKILL');
  } catch {
    // There is nothing.
  }
  return said;
}

/** What it says once they are there. */
const prepared = (): string => `prepared ${places[0]}, ${places[1]} and ${places[2]}\n`;

it('makes its directories and takes them away at its end', async () => {
  expect(await upAndDown()).toBe(prepared());
  expect(await readdir(dir)).toEqual([]);
});

it('takes away nothing that it has not made, whatever directories it was given', async () => {
  for (const place of places) {
    await mkdir(place);
    await writeFile(join(place, 'of-somebody-else'), '');
  }
  for (const name of ['0'.repeat(64), '.tools-x', `.altered-${'0'.repeat(64)}-x`]) await mkdir(join(places[2], name));
  expect(await upAndDown()).not.toContain('left as it is');
  for (const place of places) expect(await readdir(place)).toEqual(['of-somebody-else']);
});

it("leaves the operator's own mounts where they are", async () => {
  for (const place of places) await mkdir(place);
  const mount = (place: string): string => `mount -t tmpfs operators ${place}; mount --make-shared ${place};`;
  const said = await upAndDown(places.map(mount).join(' '), 'grep -c " - tmpfs operators " /proc/self/mountinfo');
  expect(said).toBe(`${prepared()}3\n`);
});
