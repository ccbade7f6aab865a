import { appendFile, copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './run.ts';

/** The release of Debian that the guest is. */
const SUITE = 'trixie';
const PACKAGES = [
  'linux-image-cloud-amd64 initramfs-tools systemd-sysv systemd-resolved dbus libpam-systemd udev kmod apparmor',
  'openssh-server iproute2 iptables ca-certificates curl git procps e2fsprogs nodejs npm',
  'docker.io docker-cli docker-compose',
].flatMap((words) => words.split(' '));
/** Sparse: it takes what is written. */
const DISK_SIZE = '40G';
/** What this machine trusts, the guest trusts: it installs from the same places. */
const AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';

/** Where the checkout and the images lie in the guest. */
export const CHECKOUT = '/srv/daypass';
export const IMAGES = '/srv/images.tar';

export interface Disk {
  /** A raw file system image. */
  file: string;
  kernel: string;
  initrd: string;
  /** The private key that opens the guest's root account. */
  key: string;
}

/**
 * Makes the disk of a Debian 13 with systemd, AppArmor, Docker and Compose from Debian's packages, with this checkout and
 * the images of `images` (names that this machine's engine has). Needs root. Takes some 90 s.
 */
export async function makeDisk({ dir, root, images }: { dir: string; root: string; images: string[] }): Promise<Disk> {
  const tree = join(dir, 'tree');
  const key = join(dir, 'key');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  await installDebian(tree);
  await configure(tree, key);
  await copyCheckout(root, join(tree, CHECKOUT));
  await run('docker', ['save', '--output', join(tree, IMAGES), ...images]);
  const [kernel, initrd] = [join(dir, 'vmlinuz'), join(dir, 'initrd')];
  await copyFile(await inBoot(tree, 'vmlinuz-'), kernel);
  await copyFile(await inBoot(tree, 'initrd.img-'), initrd);
  const file = join(dir, 'disk.raw');
  await run('mke2fs', ['-q', '-F', '-t', 'ext4', '-d', tree, file, DISK_SIZE]);
  await rm(tree, { recursive: true });
  return { file, kernel, initrd, key };
}

async function installDebian(tree: string): Promise<void> {
  const options = ['--quiet', '--variant=minbase', `--include=${PACKAGES.join(',')}`];
  const lean = '--aptopt=Apt::Install-Recommends "false"';
  await run('mmdebstrap', [...options, lean, SUITE, tree, `deb ${await mirror()} ${SUITE} main`]);
}

/** The first place that this machine's apt installs from. */
async function mirror(): Promise<string> {
  const { stdout } = await run('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages']);
  const [first] = stdout.split('\n').filter((uri) => uri !== '' && !uri.includes('security'));
  if (first === undefined) throw new Error('apt names no place to install Debian from. See /etc/apt/sources.list.d.');
  return first;
}

async function configure(tree: string, key: string): Promise<void> {
  const write = (path: string, text: string): Promise<void> => writeFile(join(tree, path), text);
  await write('etc/systemd/network/10-eth.network', '[Match]\nName=e*\n[Network]\nDHCP=yes\n');
  await run('chroot', [tree, 'systemctl', 'enable', '--quiet', 'systemd-networkd', 'systemd-resolved', 'ssh']);
  await write('etc/hostname', 'guest\n');
  await write('etc/hosts', '127.0.0.1 localhost guest\n');
  await write('etc/fstab', '/dev/vda / ext4 defaults,noatime 0 1\n');
  await mkdir(join(tree, 'root/.ssh'), { recursive: true, mode: 0o700 });
  await copyFile(`${key}.pub`, join(tree, 'root/.ssh/authorized_keys'));
  await copyFile(AUTHORITIES, join(tree, AUTHORITIES));
  await appendFile(join(tree, 'etc/environment'), `NODE_EXTRA_CA_CERTS=${AUTHORITIES}\n`);
}

/** With its packages, without what it has run. */
async function copyCheckout(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  const leftOut = ['./data', './.git', './secrets/*', './ca.crt'].map((path) => `--exclude=${path}`);
  const archive = `${to}.tar`;
  await run('tar', ['--create', '--file', archive, '--directory', from, ...leftOut, '.']);
  await run('tar', ['--extract', '--file', archive, '--directory', to]);
  await rm(archive);
}

async function inBoot(tree: string, prefix: string): Promise<string> {
  const [name] = (await readdir(join(tree, 'boot'))).filter((file) => file.startsWith(prefix));
  if (name === undefined) throw new Error(`The guest's packages have brought no /boot/${prefix}*`);
  return join(tree, 'boot', name);
}
