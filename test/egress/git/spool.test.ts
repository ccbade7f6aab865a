import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { openSpool, type Spool } from '../../../src/egress/git/spool.ts';

const MIB = 1024 * 1024;
const nobody = (): void => undefined;

async function rig(maxBodyBytes = MIB): Promise<{ dir: string; spool: Spool }> {
  const dir = await mkdtemp(join(tmpdir(), 'daypass-spool-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return { dir, spool: await openSpool(dir, maxBodyBytes) };
}

async function* inPieces(bytes: Buffer, size = 10_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

test.each([0, 1, 50_000, 70_000, MIB])(
  'a body of %i bytes comes out as it went in, and leaves nothing',
  async (size) => {
    const { dir, spool } = await rig();
    const bytes = randomBytes(size);
    {
      await using kept = await spool.keep('a', inPieces(bytes), nobody);
      expect(kept).toMatchObject({ bytes: size, problem: null });
      expect(await buffer(kept.read())).toEqual(bytes);
      const file = join(await kept.home(), 'other');
      await kept.placeAt(file);
      expect(await readFile(file)).toEqual(bytes);
      expect(await buffer(kept.read())).toEqual(bytes);
    }
    expect(await readdir(dir)).toEqual([]);
  },
);

test('of a body that is larger the rest is read behind what was kept, and lost is nothing', async () => {
  const { spool } = await rig();
  const bytes = randomBytes(3 * MIB);
  await using kept = await spool.keep('a', inPieces(bytes), nobody);
  expect(kept.problem).toBe('it is larger than 1 MB');
  expect(kept.bytes).toBeLessThanOrEqual(MIB);
  expect(await buffer(kept.read())).toEqual(bytes);
});

test('a body that breaks off leaves nothing, and its room is free', async () => {
  const { dir, spool } = await rig();
  const broken = async function* (): AsyncGenerator<Uint8Array> {
    yield* inPieces(randomBytes(MIB - 1));
    throw new Error('aborted');
  };
  for (let i = 0; i < 4; i++) await expect(spool.keep('a', broken(), nobody)).rejects.toThrow('aborted');
  expect(await readdir(dir)).toEqual([]);
  await using kept = await spool.keep('a', inPieces(randomBytes(MIB)), nobody);
  expect(kept.problem).toBeNull();
});

test('what an earlier life has left is removed', async () => {
  const { dir } = await rig();
  await mkdir(join(dir, 'push-old'));
  await writeFile(join(dir, 'push-old', 'body'), 'x');
  await openSpool(dir, MIB);
  expect(await readdir(dir)).toEqual([]);
});
