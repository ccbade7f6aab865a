import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { customAlphabet } from 'nanoid';
import { describe, expect, it } from 'vitest';
import type { Workspace } from '../../src/runtime/docker/workspace.ts';
import type { WorkspaceDisks } from '../../src/warden/disks/workspace-disks.ts';

const shortId = customAlphabet('0123456789abcdefghijklmnopqrstuvwxyz', 12);
export const aSandboxId = (): string => `sbx_${shortId()}`;

/** Promised and made. */
export async function makeDisk(disks: WorkspaceDisks, id: string, sizeMb: number): Promise<Workspace> {
  const workspace = await disks.promise(id, sizeMb);
  await disks.whenMade(id);
  return workspace;
}

/** What holds of every implementation of the port, of either way. `disks` is asked for when a test runs. */
export function workspaceDisksContract(name: string, disks: () => WorkspaceDisks): void {
  describe(`workspaces as ${name}`, () => {
    it('are made, listed where they take a place, and removed without a trace', async () => {
      const id = aSandboxId();
      const made = await makeDisk(disks(), id, 16);
      const { way } = disks().way;
      expect(await disks().isPromised(id)).toBe(way === 'ext4');
      expect(disks().sourceOf(id)).toBe(made.kind === 'disk' ? made.source : null);
      expect(made.kind).toBe(way === 'ext4' ? 'disk' : 'tmpfs');
      expect((await disks().list()).includes(id)).toBe(way === 'ext4');
      await disks().remove(id);
      expect(await disks().list()).not.toContain(id);
    });

    it('are the same ones again when they are asked for again, and what is in them stays', async () => {
      const id = aSandboxId();
      const made = await makeDisk(disks(), id, 16);
      if (made.kind === 'disk') await writeFile(join(made.source, 'kept'), 'of before');
      expect(await makeDisk(disks(), id, 16)).toEqual(made);
      expect(made.kind === 'disk' ? await readdir(made.source) : ['kept']).toEqual(['kept']);
      await disks().remove(id);
    });

    it('can be handed over, twice and when there never was one, and are removed then like any other', async () => {
      const id = aSandboxId();
      await makeDisk(disks(), id, 16);
      await disks().handOver(id);
      await disks().handOver(id);
      await disks().handOver(aSandboxId());
      expect(await disks().isPromised(id)).toBe(false);
      await disks().remove(id);
      expect(await disks().list()).not.toContain(id);
    });

    it('can be removed twice, at once and when there never was one', async () => {
      const id = aSandboxId();
      await makeDisk(disks(), id, 16);
      await Promise.all([disks().remove(id), disks().remove(id)]);
      await disks().remove(id);
      await disks().remove(aSandboxId());
      expect(await disks().list()).not.toContain(id);
    });

    it('can be made and removed side by side', async () => {
      const ids = Array.from({ length: 4 }, aSandboxId);
      await Promise.all(ids.map((id) => makeDisk(disks(), id, 16)));
      await Promise.all(ids.map((id) => disks().remove(id)));
      expect((await disks().list()).filter((id) => ids.includes(id))).toEqual([]);
    });

    it('can be removed while they are being made', async () => {
      const id = aSandboxId();
      await disks().promise(id, 16);
      await disks().remove(id);
      expect(await disks().list()).not.toContain(id);
    });

    it('are refused for what is no sandbox', async () => {
      await expect(disks().remove('../../etc')).rejects.toThrow();
    });
  });
}

/** Something in the place of a disk of which a warden that died has only made the directory. */
export async function halfMade(dir: string, sandboxId: string): Promise<void> {
  await mkdir(join(dir, sandboxId));
  await writeFile(join(dir, sandboxId, 'image'), 'no file system');
}

export async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
