import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

interface GitResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface GitClient extends AsyncDisposable {
  /** A directory of its own. */
  readonly dir: string;
  path(...parts: string[]): string;
  /** Runs git there, or in `cwd` below it, and throws unless it succeeds. Returns its output without the last newline. */
  git(args: string[], options?: GitOptions): Promise<string>;
  /** The same, with failure as a result. */
  try(args: string[], options?: GitOptions): Promise<GitResult>;
}

interface GitOptions {
  cwd?: string;
  input?: string | Buffer;
}

/** A real git as a user has it, but without the machine's configuration. */
export async function openGitClient(): Promise<GitClient> {
  const dir = await mkdtemp(join(tmpdir(), 'git-client-test-'));
  const path = (...parts: string[]): string => join(dir, ...parts);
  const attempt: GitClient['try'] = async (args, options = {}) => {
    const child = spawn('git', args, { cwd: path(options.cwd ?? ''), env: environment(dir), stdio: 'pipe' });
    child.stdin.on('error', () => {}).end(options.input ?? '');
    const [stdout, stderr, [exitCode]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    return { exitCode: exitCode as number, stdout: stdout.trimEnd(), stderr };
  };
  return {
    dir,
    path,
    try: attempt,
    async git(args, options) {
      const result = await attempt(args, options);
      if (result.exitCode !== 0) throw new Error(`git ${args.join(' ')} failed: ${result.stderr}`);
      return result.stdout;
    },
    async [Symbol.asyncDispose]() {
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function environment(home: string): Record<string, string> {
  const who = { NAME: 'Agent', EMAIL: 'agent@example.com' };
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: home,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: who.NAME,
    GIT_AUTHOR_EMAIL: who.EMAIL,
    GIT_COMMITTER_NAME: who.NAME,
    GIT_COMMITTER_EMAIL: who.EMAIL,
  };
}
