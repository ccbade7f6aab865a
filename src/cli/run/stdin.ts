import { fstat } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { describe } from '../../errors.ts';
import { MAX_STDIN_BYTES } from '../../session/stdin.ts';
import { EXIT } from '../exit-codes.ts';
import { CommandFailure, wrongUsage } from '../up/failure.ts';
import { readsStandardInput } from './variables.ts';

/** Without a word after this time a person would not know what is waited for. */
const SAY_AFTER_MS = 3_000;
/** What `--stdin` calls our own standard input, whatever it is. */
const OWN = '-';
const SHELLS = ['ash', 'bash', 'dash', 'fish', 'ksh', 'sh', 'zsh'];

export interface StdinOptions {
  /** A file, or `-`; false for none; left out: our own, if it is a pipe or a file. */
  stdin?: string | false;
  secret: string[];
}

/** More than a session takes. It has an exit code of its own, as nothing was started and the command line is right. */
export class StdinTooLong extends CommandFailure {
  constructor() {
    super(
      `Standard input has more than ${MAX_STDIN_BYTES} bytes (1 MiB), which is all that a session takes; nothing was started. ` +
        'Large files will be for daypass cp, which is not there yet: commit the file to a repo, or have the command fetch it.',
      { exitCode: EXIT.usage },
    );
  }
}

/**
 * What the command is to read from its standard input, as POST /v1/sessions takes it; undefined for nothing. Our own is read
 * to its end if it is a pipe or a regular file: anything else, such as a terminal or a service's socket, may never end.
 * Throws `StdinTooLong` once more than 1 MiB has come, and what is wrong with the option. `onWait` is called when our own
 * takes a while.
 */
export async function stdinIn(
  { stdin, secret }: StdinOptions,
  command: readonly string[],
  onWait: () => void,
): Promise<{ base64: string } | undefined> {
  const isTaken = readsStandardInput(secret);
  if (stdin === false) return undefined;
  if (stdin === OWN && isTaken) throw wrongUsage('Only one of --stdin and --secret can come from standard input.');
  if (stdin !== undefined && command.length === 0) throw wrongUsage('--stdin needs a command that reads it.');
  if (stdin !== undefined && stdin !== OWN) return asField(await fromFile(stdin));
  if (stdin === undefined && (isTaken || command.length === 0 || !(await isPiped()))) return undefined;
  const timer = setTimeout(onWait, SAY_AFTER_MS);
  try {
    return asField(await readWhole(process.stdin));
  } finally {
    clearTimeout(timer);
  }
}

/** Throws for a shell that a person at a terminal would type into: it would read the end of its input at once. */
export function requireNoTerminalShell(command: readonly string[]): void {
  const [program = '', ...args] = command;
  if (args.length > 0 || !SHELLS.includes(basename(program))) return;
  if (!process.stdin.isTTY || !process.stdout.isTTY) return;
  throw wrongUsage(
    `A session is not connected to your terminal, so ${program} would end at once. Give it something to do, as in -- ${program} -c 'make test', ` +
      'or pipe a script into it. A shell in a session will be for daypass exec, which is not there yet.',
  );
}

/** An empty one needs no telling: so is /dev/null. */
function asField(bytes: Buffer): { base64: string } | undefined {
  return bytes.length === 0 ? undefined : { base64: bytes.toString('base64') };
}

async function isPiped(): Promise<boolean> {
  const found = await promisify(fstat)(process.stdin.fd).catch(() => null);
  return found !== null && (found.isFIFO() || found.isFile());
}

async function fromFile(path: string): Promise<Buffer> {
  try {
    await using file = await open(path);
    return await readWhole(file.createReadStream({ autoClose: false }));
  } catch (error) {
    if (error instanceof StdinTooLong) throw error;
    throw new CommandFailure(`--stdin ${path}: ${describe(error)}`, { cause: error });
  }
}

async function readWhole(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk as Uint8Array);
    length += bytes.length;
    if (length > MAX_STDIN_BYTES) throw new StdinTooLong();
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}
