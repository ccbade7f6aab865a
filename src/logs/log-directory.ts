import { randomBytes } from 'node:crypto';
import { link, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeSharedDir, SHARED_FILE_MODE } from '../ops/shared-dir.ts';
import { isCode, nullIfMissing, sessionDir } from './segments.ts';

/** Removes a session's log and marker. Fine when there is none. */
export async function deleteLog(dir: string, sessionId: string): Promise<void> {
  await rm(sessionDir(dir, sessionId), { recursive: true, force: true });
}

/** What a session's log takes on the disk, in bytes; null when there is none. */
export async function logSize(dir: string, sessionId: string): Promise<number | null> {
  const place = sessionDir(dir, sessionId);
  const names = await readdir(place).catch(nullIfMissing);
  if (names === null) return null;
  const sizes = await Promise.all(
    names.map(async (name) => (await stat(join(place, name)).catch(nullIfMissing))?.size ?? 0),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** The sessions that have a directory here. */
export async function listLogs(dir: string): Promise<string[]> {
  return ((await readdir(dir).catch(nullIfMissing)) ?? []).filter((name) => /^ses_[\w-]+$/.test(name));
}

/** When something was last written to a session's log, ms since 1970; null when there is none. */
export async function lastWritten(dir: string, sessionId: string): Promise<number | null> {
  const place = sessionDir(dir, sessionId);
  const names = await readdir(place).catch(nullIfMissing);
  if (names === null) return null;
  const paths = [place, ...names.map((name) => join(place, name))];
  const times = await Promise.all(paths.map(async (path) => (await stat(path).catch(nullIfMissing))?.mtimeMs ?? 0));
  return Math.max(...times);
}

/**
 * Writes down, once in a session's life and durably, in which sandbox its command starts. `first`: nobody had;
 * `same`: this sandbox had; `other`: another one had, and the command must not start again.
 */
export async function markStarted(
  dir: string,
  sessionId: string,
  sandboxId: string,
): Promise<'first' | 'same' | 'other'> {
  const place = sessionDir(dir, sessionId);
  await makeSharedDir(place, 'read');
  const marker = join(place, 'started');
  const draft = `${marker}.${randomBytes(8).toString('hex')}`;
  try {
    await writeDurably(draft, sandboxId);
    // A link appears whole or not at all, and only once.
    await link(draft, marker);
    await syncDirectory(place);
    return 'first';
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
    return (await readFile(marker, 'utf8')) === sandboxId ? 'same' : 'other';
  } finally {
    await rm(draft, { force: true });
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  await using file = await open(path, 'wx', SHARED_FILE_MODE);
  await file.writeFile(text);
  await file.sync();
}

async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, 'r');
  await directory.sync();
}
