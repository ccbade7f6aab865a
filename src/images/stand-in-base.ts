import { chmod, copyFile, mkdir, mkdtemp, readFile, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type Docker from 'dockerode';
import { run, runToEnd } from './child-process.ts';
import { followEngine } from './engine-stream.ts';
import { localImage } from './local-image.ts';

/** The npm package `node`: a Node binary of this project, the same that runs it. */
const NODE_PACKAGE = fileURLToPath(new URL('../../node_modules/node/', import.meta.url));
const NPM = 'npm@11';

/** Where no image can be pulled: Debian from its packages, with this project's Node. Its name tells Node's version. */
export async function standInBaseName(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(NODE_PACKAGE, 'package.json'), 'utf8')) as { version: string };
  return standInOf(version);
}

/** The stand-in with this version of Node. */
export function standInOf(version: string): string {
  return `daypass/base-standin:node-${version}`;
}

/** Makes the stand-in unless the engine has it. Throws an error that names what to install when it cannot. */
export async function ensureStandInBase(docker: Docker, onProgress: (line: string) => void): Promise<string> {
  const name = await standInBaseName();
  if ((await localImage(docker, name)) !== null) return name;
  onProgress(`making the base image ${name} from Debian's packages`);
  const overlay = await mkdtemp(join(tmpdir(), 'daypass-base-'));
  try {
    await putNode(overlay);
    await importDebian(docker, overlay, name);
  } finally {
    await rm(overlay, { recursive: true, force: true });
  }
  return name;
}

/** Node and npm, at the places where the public Node images have them. */
async function putNode(overlay: string): Promise<void> {
  const bin = join(overlay, 'usr/local/bin');
  const modules = join(overlay, 'usr/local/lib/node_modules');
  // mkdtemp makes it private, and it becomes the image's root directory.
  await chmod(overlay, 0o755);
  await mkdir(bin, { recursive: true });
  await mkdir(modules, { recursive: true });
  await copyFile(join(NODE_PACKAGE, 'bin/node'), join(bin, 'node'));
  const packed = await runToEnd('npm', ['pack', NPM, '--silent'], { cwd: overlay });
  const archive = join(overlay, packed.trim());
  await runToEnd('tar', ['-xzf', archive, '-C', modules, '--no-same-owner']);
  await rename(join(modules, 'package'), join(modules, 'npm'));
  await rm(archive);
  await symlink('../lib/node_modules/npm/bin/npm-cli.js', join(bin, 'npm'));
  await symlink('../lib/node_modules/npm/bin/npx-cli.js', join(bin, 'npx'));
}

/** Named only once mmdebstrap has ended well: a tree that was cut off imports without complaint. */
async function importDebian(docker: Docker, overlay: string, name: string): Promise<void> {
  const args = ['--quiet', '--variant=minbase', `--customize-hook=sync-in ${overlay} /`, 'bookworm', '-'];
  const debian = await run('mmdebstrap', args).catch(explainMissing);
  const failed = debian.ended.then(() => new Promise<never>(() => {}));
  const imported = docker
    .importImage(debian.stdout)
    .then((source) => followEngine(source, { doing: 'Importing the base image', onLine: () => {} }));
  try {
    const id = await Promise.race([imported, failed]);
    await debian.ended;
    const [repo = '', tag = ''] = name.split(':');
    await docker.getImage(id).tag({ repo, tag });
  } catch (error) {
    debian.stop();
    await imported.then((id) => docker.getImage(id).remove()).catch(() => {});
    throw error;
  }
}

function explainMissing(error: unknown): never {
  if ((error as { code?: unknown }).code !== 'ENOENT') throw error;
  throw new Error(
    'No image can be pulled, and mmdebstrap, which could make a base image, is not installed: run `apt-get install mmdebstrap`',
    { cause: error },
  );
}
