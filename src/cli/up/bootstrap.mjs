/*
 * What `npm start` and its sisters run first: plain JavaScript for Node 20 without packages. It installs the packages when
 * they are missing or older than the lock file, then runs `main.ts` under a Node that can (24 or later), and passes on
 * signals and the exit code.
 */
import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED_NODE_MAJOR = 24;
/** npm writes the lock file and its own copy of it within moments of each other, in either order. */
const LOCK_TOLERANCE_MS = 5_000;
const MAX_ERROR_LINES = 12;
const LOOK_AT_SHELL_EVERY_MS = 250;

const root = fileURLToPath(new URL('../../..', import.meta.url));
const modules = join(root, 'node_modules');
const binDir = join(modules, '.bin');
// What `daypass` prints is for programs to read.
const screen = process.argv[2] === 'cli' ? process.stderr : process.stdout;
let child;

// Ctrl-C reaches every process of the terminal, and npm passes it on besides: what it means is for the child to say.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child?.kill(signal));
if (process.env.npm_command === 'exec') endWithShell();

try {
  if (packagesAreStale()) {
    requireWritable(existsSync(modules) ? modules : root);
    await installPackages();
  }
  await runMain();
} catch (error) {
  process.stderr.write(`✗ ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

/** `npx` starts this by a shell, and passes SIGTERM and SIGHUP on to that alone: when the shell is gone, the signal was meant for us. */
function endWithShell() {
  const shell = process.ppid;
  const looking = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(looking);
    child?.kill('SIGTERM');
  }, LOOK_AT_SHELL_EVERY_MS).unref();
}

/** `.package-lock.json` is what npm writes last, so an installation that was cut short has none. */
function packagesAreStale() {
  const installed = join(modules, '.package-lock.json');
  if (!existsSync(installed)) return true;
  return statSync(installed).mtimeMs + LOCK_TOLERANCE_MS < statSync(join(root, 'package-lock.json')).mtimeMs;
}

/** npm would say so in many words, and leave half of them behind. */
function requireWritable(dir) {
  try {
    accessSync(dir, constants.W_OK);
  } catch {
    throw new Error(
      `The packages are missing or older than the lock file, and user ${process.getuid?.()} may not write to ${dir}. ` +
        `Have its owner, user ${statSync(dir).uid}, run "npm start" once, or clone the project into a directory of your own.`,
    );
  }
}

async function installPackages() {
  const startedAt = Date.now();
  screen.write('… packages: npm install\n');
  // Not `npm ci`: it refuses a lock file that lacks an optional binary of some other platform, as one does that was made
  // while that platform's package was not published yet. Versions are the lock file's all the same.
  // Node 24 itself is among the development packages, so a NODE_ENV of production must not leave them out.
  const { code, signal, output } = await run(
    'npm',
    ['install', '--no-save', '--include=dev', '--no-audit', '--no-fund'],
    {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  if (code === null) return endBy(signal);
  if (code !== 0) {
    throw new Error(
      `The packages could not be installed. npm says:\n${errorLines(output)}\nPut that right, then run: npm install`,
    );
  }
  screen.write(`✓ packages  ${((Date.now() - startedAt) / 1_000).toFixed(1)} s\n`);
}

/** Why npm failed is in its first lines; what follows is how it is used. */
function errorLines(output) {
  const lines = output.split('\n').filter((line) => line.startsWith('npm error') && line !== 'npm error');
  return lines.length === 0 ? output.trim() : lines.slice(0, MAX_ERROR_LINES).join('\n');
}

async function runMain() {
  const { code, signal } = await run(nodeToUse(), [join(root, 'src/cli/up/main.ts'), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, PATH: `${binDir}${delimiter}${process.env.PATH ?? ''}` },
  });
  if (code === null) endBy(signal);
  else process.exitCode = code;
}

function nodeToUse() {
  if (Number(process.versions.node.split('.')[0]) >= NEEDED_NODE_MAJOR) return process.execPath;
  const packaged = join(binDir, 'node');
  if (existsSync(packaged)) return packaged;
  throw new Error(
    `Node ${NEEDED_NODE_MAJOR} or later is needed; this is ${process.versions.node}, and the package that brings it is not ` +
      'there. Run: npm install --include=dev',
  );
}

function run(command, args, options) {
  return new Promise((resolve, reject) => {
    let output = '';
    child = spawn(command, args, options);
    child.stdout?.on('data', (chunk) => (output += chunk));
    child.stderr?.on('data', (chunk) => (output += chunk));
    child.once('error', (error) => reject(new Error(`${command} cannot be run: ${error.message}`, { cause: error })));
    child.once('close', (code, signal) => resolve({ code, signal, output }));
  });
}

/** Ends the way the child did, so that whoever waits for this process sees the same. */
function endBy(signal) {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
