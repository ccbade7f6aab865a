import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { readCommits, type CommitReader } from './commit-reader.ts';

/*
 * Where the gateway looks into a push: a bare repo that is thrown away. It holds packs of strangers, so git runs there
 * without the machine's configuration, without hooks, and with limits of memory, processor time and wall-clock time.
 */

/** A pack is larger than the operator lets the gateway look into. */
export class PackTooLarge extends Error {
  override readonly name = 'PackTooLarge';
}

export interface ScratchRepo extends AsyncDisposable {
  /** Keeps a pack's bytes; gives how many they are. Throws `PackTooLarge`. */
  keep(name: string, bytes: AsyncIterable<Uint8Array>): Promise<number>;
  /** Makes what a kept pack holds readable. Throws when it is broken, or needs more than the limits allow. */
  index(name: string): Promise<void>;
  /** The bytes of a kept pack. */
  read(name: string): AsyncIterable<Buffer>;
  commits(): CommitReader;
}

export interface Scratch {
  /** `idLength`: of the repo's object names in hex, 40 or 64. Rejects with the signal's reason when it is aborted. */
  open(idLength: number, signal: AbortSignal): Promise<ScratchRepo>;
}

/** Packs that are worked through at the same time. */
const AT_ONCE = 2;
const ALL_TOGETHER = 8;
const MAX_MEMORY_KB = 2 * 1024 * 1024;
const MAX_CPU_SECONDS = 120;
const TIMEOUT_MS = 180_000;

const SETTINGS = {
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  'core.bigFileThreshold': '1m',
  'pack.threads': '1',
  'gc.auto': '0',
  'maintenance.auto': 'false',
};

/** Each push may hold this much, all together eight times as much. */
export async function openScratch(dir: string, maxBytes: number): Promise<Scratch> {
  // What an earlier life of this process has left.
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const shared: Shared = { maxBytes, leftBytes: ALL_TOGETHER * maxBytes, indexing: createTurns(AT_ONCE) };
  return { open: (idLength, signal) => openRepo(dir, shared, idLength, signal) };
}

/** What the scratch repos have in common. */
interface Shared {
  maxBytes: number;
  leftBytes: number;
  indexing: <T>(work: () => Promise<T>) => Promise<T>;
}

async function openRepo(dir: string, shared: Shared, idLength: number, client: AbortSignal): Promise<ScratchRepo> {
  client.throwIfAborted();
  const home = await mkdtemp(join(dir, 'push-'));
  const repo = join(home, 'repo.git');
  const ending = new AbortController();
  const signal = AbortSignal.any([client, ending.signal]);
  const packFile = (name: string): string => join(repo, 'objects', 'pack', `pack-${name}.pack`);
  const git = (args: string[]): Child => startGit({ home, args, signal });
  let keptBytes = 0;
  const take = (bytes: number): void => {
    if (keptBytes + bytes > shared.maxBytes)
      throw new PackTooLarge(`it is larger than ${Math.floor(shared.maxBytes / 1024 ** 2)} MB`);
    if (bytes > shared.leftBytes) throw new PackTooLarge('too many pushes are looked into right now');
    keptBytes += bytes;
    shared.leftBytes -= bytes;
  };
  const remove = async (): Promise<void> => {
    ending.abort(new Error('the push was looked into'));
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
    shared.leftBytes += keptBytes;
  };

  try {
    const format = idLength === 64 ? 'sha256' : 'sha1';
    await ended(git(['init', '--quiet', '--bare', '--template=', `--object-format=${format}`, repo]));
  } catch (error) {
    await remove();
    throw error;
  }

  return {
    async keep(name, bytes) {
      const before = keptBytes;
      const bounded = async function* (): AsyncGenerator<Uint8Array> {
        for await (const chunk of bytes) {
          take(chunk.length);
          yield chunk;
        }
      };
      await pipeline(Readable.from(bounded(), { objectMode: false }), createWriteStream(packFile(name)), { signal });
      return keptBytes - before;
    },
    index: (name) =>
      shared.indexing(() => ended(git(['--git-dir', repo, 'index-pack', '--threads=1', packFile(name)]))),
    read: (name) => createReadStream(packFile(name)),
    commits: () => readCommits(git(['--git-dir', repo, 'cat-file', '--batch'])),
    [Symbol.asyncDispose]: remove,
  };
}

/** Lets so many run at once; the others wait for their turn. */
function createTurns(count: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = count;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

function startGit(call: { home: string; args: string[]; signal: AbortSignal }): Child {
  const options = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  // The shell sets the limits and is git from then on; nothing of a stranger's is in its words.
  // A limit that cannot be set is one that is lower already.
  const limits = `{ ulimit -v ${MAX_MEMORY_KB}; ulimit -t ${MAX_CPU_SECONDS}; ulimit -c 0; } 2>&-; exec git "$@"`;
  const child = spawn('/bin/sh', ['-c', limits, 'git', ...options, ...call.args], {
    cwd: call.home,
    env: {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      HOME: call.home,
      LC_ALL: 'C',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_ATTR_NOSYSTEM: '1',
      GIT_TERMINAL_PROMPT: '0',
      GIT_NO_REPLACE_OBJECTS: '1',
      GIT_NO_LAZY_FETCH: '1',
    },
    stdio: ['pipe', 'pipe', 'pipe'],
    signal: call.signal,
    killSignal: 'SIGKILL',
    timeout: TIMEOUT_MS,
  });
  child.stdin.on('error', () => undefined);
  child.on('error', () => undefined);
  return child;
}

async function ended(child: Child): Promise<void> {
  let said = '';
  child.stdin.end();
  child.stdout.resume();
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(0, 1_000);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`git gave up on it (${code ?? 'killed'}): ${said.trim()}`);
}
