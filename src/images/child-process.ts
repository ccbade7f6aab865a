import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';
import { readBounded } from '../json/read-bounded.ts';

const MAX_ERROR_TEXT = 4_096;
/** Of a program whose output is taken whole. */
const MAX_OUTPUT_BYTES = 16 * 1024 ** 2;

/** A program that runs, its output to read, and its end. */
export interface Running {
  stdout: Readable;
  /** Resolves when it exited with 0; rejects with its last words. */
  ended: Promise<void>;
  /** Ends it, if it still runs. */
  stop: () => void;
}

/** Starts a program without a shell and feeds it `input`. Throws with `ENOENT` in `code` when there is no such program. */
export async function run(
  program: string,
  args: string[],
  options: { cwd?: string; input?: NodeJS.ReadableStream } = {},
): Promise<Running> {
  const child = spawn(program, args, { cwd: options.cwd, stdio: ['pipe', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-MAX_ERROR_TEXT);
  });
  // A program that ends early closes its input; its exit code tells why.
  child.stdin.on('error', () => {});
  if (options.input === undefined) child.stdin.end();
  else options.input.pipe(child.stdin);
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${program} ended with ${code ?? signal}: ${errors.trim()}`));
    });
  });
  // Whoever reads the output first awaits the end later; a failure before that is not unhandled.
  ended.catch(() => {});
  // Node throws away what nobody reads by the time a program exits; a stream of our own keeps it.
  const stdout = child.stdout.pipe(new PassThrough());
  await once(child, 'spawn');
  return { stdout, ended, stop: () => void child.kill() };
}

/** Runs a program to its end; what it wrote to its standard output. */
export async function runToEnd(...args: Parameters<typeof run>): Promise<string> {
  const running = await run(...args);
  try {
    const said = await readBounded(running.stdout, MAX_OUTPUT_BYTES, `the output of ${args[0]}`);
    await running.ended;
    return said.toString();
  } catch (error) {
    running.stop();
    throw error;
  }
}
