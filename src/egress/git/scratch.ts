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

/** Makes them, a few at a time. */
export interface Scratch {
  /** Waits for its turn. `idLength`: of the repo's object names in hex, 40 or 64. */
  open(idLength: number, signal: AbortSignal): Promise<ScratchRepo>;
}

const AT_ONCE = 2;
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

export async function openScratch(dir: string, maxBytes: number): Promise<Scratch> {
  // What an earlier life of this process has left.
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true, mode: 0o700 });
  let free = AT_ONCE;
  const waiting: (() => void)[] = [];
  const release = (): void => {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
  };
  return {
    async open(idLength, signal) {
      if (free > 0) free--;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        signal.throwIfAborted();
        return await openRepo({ dir, maxBytes, idLength, signal, release });
      } catch (error) {
        release();
        throw error;
      }
    },
  };
}

async function openRepo(options: {
  dir: string;
  maxBytes: number;
  idLength: number;
  signal: AbortSignal;
  release: () => void;
}): Promise<ScratchRepo> {
  const { maxBytes, idLength } = options;
  const home = await mkdtemp(join(options.dir, 'push-'));
  const repo = join(home, 'repo.git');
  const ending = new AbortController();
  const signal = AbortSignal.any([options.signal, ending.signal]);
  const packFile = (name: string): string => join(repo, 'objects', 'pack', `pack-${name}.pack`);
  const git = (args: string[]): Child => startGit({ home, repo, args, signal });
  let keptBytes = 0;
  const remove = (): Promise<void> => rm(home, { recursive: true, force: true, maxRetries: 5 });

  try {
    const format = idLength === 64 ? 'sha256' : 'sha1';
    await ended(git(['init', '--quiet', '--bare', '--template=', `--object-format=${format}`, repo]));
  } catch (error) {
    await remove();
    throw error;
  }

  return {
    async keep(name, bytes) {
      let size = 0;
      const bounded = async function* (): AsyncGenerator<Uint8Array> {
        for await (const chunk of bytes) {
          size += chunk.length;
          keptBytes += chunk.length;
          if (keptBytes > maxBytes) throw new PackTooLarge(`it is larger than ${Math.floor(maxBytes / 1024 ** 2)} MB`);
          yield chunk;
        }
      };
      await pipeline(Readable.from(bounded(), { objectMode: false }), createWriteStream(packFile(name)), { signal });
      return size;
    },
    index: async (name) => ended(git(['--git-dir', repo, 'index-pack', '--threads=1', packFile(name)])),
    read: (name) => createReadStream(packFile(name)),
    commits: () => readCommits(git(['--git-dir', repo, 'cat-file', '--batch'])),
    async [Symbol.asyncDispose]() {
      ending.abort(new Error('the push was looked into'));
      options.release();
      await remove();
    },
  };
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

function startGit(call: { home: string; repo: string; args: string[]; signal: AbortSignal }): Child {
  const options = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  // The shell sets the limits and is git from then on; nothing of a stranger's is in its words.
  const limits = `ulimit -v ${MAX_MEMORY_KB} && ulimit -t ${MAX_CPU_SECONDS} && ulimit -c 0 && exec git "$@"`;
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
