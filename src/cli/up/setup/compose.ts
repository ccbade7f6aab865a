import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { CommandFailure } from '../failure.ts';
import { lastLines, runProgram, type ProgramRun } from '../run-program.ts';
import type { InstallDeps } from './install.ts';
import { parseOsRelease } from './os-release.ts';

const TIMEOUT_MS = 5 * 60_000;
/** The first release of Debian whose `docker-compose` is version 2, a single program that also runs on the one before. */
const SUITE = 'trixie';
const SOURCES = '/etc/apt/sources.list.d';
/** Where its package has it. */
const PLUGIN = 'usr/libexec/docker/cli-plugins/docker-compose';

/**
 * Sees to it that `docker compose` is version 2. Where it is not, and Debian's packages can be had, the plugin is taken out
 * of the next release's package and put among this user's plugins; the system stays as it is.
 */
export async function ensureCompose({ machine, progress }: InstallDeps): Promise<void> {
  if (await answers(machine.env)) return;
  if (!machine.hasApt) throw new CommandFailure(advice('there is no Debian here to take it from'));
  await progress.step('Docker Compose v2', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'daypass-compose-'));
    try {
      await installPlugin(dir, machine.env);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });
  if (!(await answers(machine.env))) throw new CommandFailure(advice('the plugin that was installed does not answer'));
}

async function answers(env: NodeJS.ProcessEnv): Promise<boolean> {
  const asked = runProgram('docker', ['compose', 'version', '--short'], { env, timeoutMs: TIMEOUT_MS });
  const { code, stdout } = await asked.catch(() => ({ code: null, stdout: '' }));
  return code === 0 && /^v?([2-9]|\d\d)\./.test(stdout.trim());
}

async function installPlugin(dir: string, env: NodeJS.ProcessEnv): Promise<void> {
  const run = async (program: string, args: string[]): Promise<ProgramRun> => {
    const ran = await runProgram(program, args, { env, cwd: dir, timeoutMs: TIMEOUT_MS });
    if (ran.code !== 0) throw new CommandFailure(advice(`${program} says: ${lastLines(ran.output)}`));
    return ran;
  };
  await writeSources(join(dir, 'sources'));
  await mkdir(join(dir, 'lists'));
  const options = [
    ['Dir::Etc::SourceList', '/dev/null'],
    ['Dir::Etc::SourceParts', join(dir, 'sources')],
    ['Dir::State::Lists', join(dir, 'lists')],
    ['Dir::Cache', join(dir, 'cache')],
    // The directory is this user's alone, and apt would download as another one.
    ['APT::Sandbox::User', 'root'],
  ].flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  await run('apt-get', [...options, 'update']);
  await run('apt-get', [...options, 'download', 'docker-compose']);
  const [archive = ''] = (await readdir(dir)).filter((name) => name.endsWith('.deb'));
  await run('dpkg-deb', ['--extract', archive, 'package']);
  const plugins = join(env['DOCKER_CONFIG'] ?? join(homedir(), '.docker'), 'cli-plugins');
  await mkdir(plugins, { recursive: true });
  await copyFile(join(dir, 'package', PLUGIN), join(plugins, '.docker-compose.new'));
  await rename(join(plugins, '.docker-compose.new'), join(plugins, 'docker-compose'));
}

/** This machine's own sources, read for another release: whatever mirror it uses, that one has both. */
async function writeSources(into: string): Promise<void> {
  await mkdir(into);
  const codename = parseOsRelease(await readFile('/etc/os-release', 'utf8'))['VERSION_CODENAME'] ?? '';
  const names = (await readdir(SOURCES).catch(() => [])).filter((name) => /\.(list|sources)$/.test(name));
  for (const file of ['/etc/apt/sources.list', ...names.map((name) => join(SOURCES, name))]) {
    const text = sourcesFor(SUITE, codename, await readFile(file, 'utf8').catch(() => ''));
    if (text !== null) await writeFile(join(into, basename(file)), text);
  }
}

/** A list of sources with its release changed, its updates and security with it; null: it has none of that release. */
export function sourcesFor(release: string, codename: string, text: string): string | null {
  const changed = text.replaceAll(new RegExp(`\\b${codename}\\b`, 'g'), release);
  return changed === text ? null : changed;
}

function advice(why: string): string {
  return `The tests need Docker Compose v2, and ${why}. Install it as Docker's documentation says, then start again.`;
}
