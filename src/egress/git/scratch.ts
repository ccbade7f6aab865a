import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { readCommits, type CommitReader } from './commit-reader.ts';
import type { Kept } from './spool.ts';

/*
 * Where the gateway looks into a push: a bare repo that is thrown away. It holds packs of strangers, so git runs there
 * without the machine's configuration, without hooks, and with limits of memory, processor time and wall-clock time.
 */

/** A push is larger than the operator lets the gateway look into, or there is no room for it now. */
export class NoRoom extends Error {
  override readonly name = 'NoRoom';
}

export interface ScratchRepo extends AsyncDisposable {
  /** Keeps a pack's bytes beside the push's own; gives how many they are. Throws `NoRoom`. */
  keep(name: string, bytes: AsyncIterable<Uint8Array>): Promise<number>;
  /** Makes what a kept pack holds readable. Throws when it is broken, or needs more than the limits allow. */
  index(name: string): Promise<void>;
  commits(): CommitReader;
}

export interface ScratchOptions {
  /** Of the repo's object names in hex: 40 or 64. */
  idLength: number;
  /** The name under which what was pushed is kept there already. */
  name: string;
  /** Ends all that runs there. */
  signal: AbortSignal;
}

/*
 * A pack of some kilobytes can hold deltas that unfold to gigabytes, and take git minutes: what it may take goes by what
 * there is to work through. Git goes through 5 to 50 MB a second.
 */
const MIB = 1024 * 1024;
const MAX_MEMORY_KB = 2 * 1024 * 1024;
/** The largest piece of memory that git may ask for. */
const ALLOCATION_LIMIT = '600m';
const LEAST_CPU_SECONDS = 5;
const BYTES_PER_CPU_SECOND = 2 * MIB;
/** An index has some 36 bytes for each object, and an object takes at least 13. */
const INDEX_RATIO = 3;
/** `ulimit -f` counts in these. */
const FILE_BLOCK_BYTES = 512;
const LEAST_TIME_MS = 60_000;

/** How much processor time a git process may take over so many bytes of packs, in seconds. */
const cpuSeconds = (bytes: number): number => LEAST_CPU_SECONDS + Math.ceil(bytes / BYTES_PER_CPU_SECOND);

/** How long a push of so many bytes may be looked into, whoever is waited for, in ms. */
export const checkTimeMs = (bytes: number): number => LEAST_TIME_MS + 2_000 * cpuSeconds(bytes);

const SETTINGS = {
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  'core.bigFileThreshold': '1m',
  'pack.threads': '1',
  'gc.auto': '0',
  'maintenance.auto': 'false',
};

/** Opens a repo in the home of what was pushed, which has to be whole. It goes before the push does. */
export async function openScratch(pushed: Kept, { idLength, name, signal }: ScratchOptions): Promise<ScratchRepo> {
  signal.throwIfAborted();
  const home = await pushed.home();
  const repo = join(home, 'repo.git');
  const ending = new AbortController();
  const either = AbortSignal.any([signal, ending.signal]);
  const packFile = (pack: string): string => join(repo, 'objects', 'pack', `pack-${pack}.pack`);
  let { bytes: keptBytes } = pushed;
  const git = (args: string[]): Child => startGit({ home, args, signal: either, packBytes: keptBytes });
  const remove = async (): Promise<void> => {
    ending.abort(new Error('the push was looked into'));
    await rm(repo, { recursive: true, force: true, maxRetries: 5 });
  };

  try {
    const format = idLength === 64 ? 'sha256' : 'sha1';
    await ended(git(['init', '--quiet', '--bare', '--template=', `--object-format=${format}`, repo]));
    await pushed.placeAt(packFile(name));
  } catch (error) {
    await remove();
    throw error;
  }

  return {
    async keep(pack, bytes) {
      const before = keptBytes;
      const bounded = async function* (): AsyncGenerator<Uint8Array> {
        for await (const chunk of bytes) {
          const problem = pushed.take(chunk.length);
          if (problem !== null) throw new NoRoom(problem);
          keptBytes += chunk.length;
          yield chunk;
        }
      };
      const file = createWriteStream(packFile(pack));
      await pipeline(Readable.from(bounded(), { objectMode: false }), file, { signal: either });
      return keptBytes - before;
    },
    index: (pack) => ended(git(['--git-dir', repo, 'index-pack', '--threads=1', packFile(pack)])),
    commits: () => readCommits(git(['--git-dir', repo, 'cat-file', '--batch'])),
    [Symbol.asyncDispose]: remove,
  };
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

function startGit(call: { home: string; args: string[]; signal: AbortSignal; packBytes: number }): Child {
  const options = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const fileBlocks = Math.ceil((INDEX_RATIO * call.packBytes + MIB) / FILE_BLOCK_BYTES);
  // Whoever is served waits less than whoever is looked into. The shell sets the limits and is git from then on; nothing of a stranger's is in its words.
  // A limit that cannot be set is one that is lower already.
  const limits = `{ ulimit -v ${MAX_MEMORY_KB}; ulimit -t ${cpuSeconds(call.packBytes)}; ulimit -f ${fileBlocks}; ulimit -c 0; } 2>&-; exec nice -n 5 git "$@"`;
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
      GIT_ALLOC_LIMIT: ALLOCATION_LIMIT,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
    signal: call.signal,
    killSignal: 'SIGKILL',
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
