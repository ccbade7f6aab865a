import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDockerRuntime } from '../../src/runtime/docker/docker-runtime.ts';
import { createEngineApi } from '../../src/runtime/docker/engine-api.ts';
import { engineAddress } from '../../src/runtime/docker/connect.ts';
import { contentHash } from '../../src/warden/tools/content-hash.ts';
import { removeUnused } from '../../src/warden/tools/remove-unused.ts';
import { runInitOnce } from '../../src/warden/tools/require-exec.ts';
import { startTestWarden } from '../support/warden.ts';
import { aSandbox } from './support/sandbox-spec.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'dpt-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('the tools that sandboxes are started with', () => {
  it('lie outside of the run directory, named by what they are, and nobody can write to their files', async () => {
    await using warden = await startTestWarden();
    const { toolsDir, runDir } = warden.host;
    expect(toolsDir.startsWith(`${runDir}/`)).toBe(false);
    expect(basename(toolsDir)).toBe(await contentHash(toolsDir));
    const entries = await readdir(toolsDir, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    const modes = files.map(async (file) => [file.slice(toolsDir.length), (await stat(file)).mode & 0o7777]);
    expect(Object.fromEntries(await Promise.all(modes))).toEqual({ '/bin/init': 0o555, '/gitconfig': 0o444 });
    await expect(readFile(join(toolsDir, 'gitconfig'), 'utf8')).resolves.toContain('[');
  });

  it('are kept from one warden to the next, and put right where somebody has changed them', async () => {
    const toolsDir = join(dir, 'tools');
    const first = await startTestWarden({ toolsDir });
    const path = first.host.toolsDir;
    const { ino } = await stat(path);
    await first[Symbol.asyncDispose]();
    await using second = await startTestWarden({ toolsDir });
    expect(second.host.toolsDir).toBe(path);
    expect((await stat(path)).ino).toBe(ino);
    await chmod(join(path, 'gitconfig'), 0o644);
    await writeFile(join(path, 'gitconfig'), '');
    await using third = await startTestWarden({ toolsDir });
    expect(third.host.toolsDir).toBe(path);
    expect(await contentHash(path)).toBe(basename(path));
    expect(await readdir(toolsDir)).toEqual([basename(path)]);
  });

  it('of another version go with the last sandbox that has them, and not before', async () => {
    await using warden = await startTestWarden();
    const { toolsDir: used } = warden.host;
    const all = dirname(used);
    const old = join(all, 'a'.repeat(64));
    const engine = createEngineApi(engineAddress(process.env['DOCKER_HOST']));
    await mkdir(join(all, '.tools-of-another'));
    await mkdir(join(all, '.tools-of-one-that-was-killed'));
    await utimes(join(all, '.tools-of-one-that-was-killed'), 1, 1);
    await writeFile(join(all, 'of-somebody-else'), '');
    const runtime = createDockerRuntime({ warden: warden.api, installation: warden.installation, host: warden.host });
    const spec = aSandbox(warden.host);
    await runtime.create(spec);

    // Seen from a warden of a later version, those of the sandbox are the old ones.
    await mkdir(old);
    await removeUnused(all, old, engine);
    const kept = ['.tools-of-another', 'of-somebody-else'];
    expect((await readdir(all)).toSorted()).toEqual([...kept, 'a'.repeat(64), basename(used)].toSorted());
    await runtime.remove(spec.sandboxId);
    await removeUnused(all, old, engine);
    expect((await readdir(all)).toSorted()).toEqual([...kept, 'a'.repeat(64)].toSorted());
  });

  it('are tried before a warden serves, by running init', async () => {
    await mkdir(join(dir, 'bin'));
    const init = join(dir, 'bin', 'init');
    await expect(runInitOnce(dir)).rejects.toThrow('ENOENT');
    await writeFile(init, '#!/bin/sh\necho daypass init: it runs as PID 1 of a sandbox only >&2; exit 1\n');
    await expect(runInitOnce(dir)).rejects.toThrow(`${init} may not be run here (EACCES). Set DAYPASS_TOOLS_DIR to`);
    await chmod(init, 0o755);
    await expect(runInitOnce(dir)).resolves.toBeUndefined();
    await writeFile(init, '#!/bin/sh\nexec sleep 60\n');
    await expect(runInitOnce(dir, 300)).rejects.toThrow('did not end in time');
    await writeFile(init, '#!/bin/sh\necho what >&2\n');
    await expect(runInitOnce(dir)).rejects.toThrow('(what). Rebuild the image');
  });
});
