import { open, readdir, readFile } from 'node:fs/promises';

/** A file that is a block device right now. */
export interface LoopDevice {
  /** Such as `/dev/loop3`. */
  device: string;
  /** Absolute; also that of a file that was deleted meanwhile. See `isDeviceOf`. */
  file: string;
}

/** A place where something is mounted. */
export interface Mount {
  /** The kernel's number for it. */
  id: number;
  source: string;
  target: string;
  /** Of this mount and of its file system, such as `ro`, `nosuid` and `noexec`. */
  options: string[];
}

/** open(2): only to name a file; takes no right to read it. Node does not name it. */
const O_PATH = 0o10000000;
const DELETED = ' (deleted)';

/** What is mounted in this process' view; proc(5). */
export async function readMounts(): Promise<Mount[]> {
  return parseMounts(await readFile('/proc/self/mountinfo', 'utf8'));
}

/** Of `/proc/PID/mountinfo`; a path's blanks and the like are octal there. */
export function parseMounts(text: string): Mount[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const fields = line.split(' ');
      const [id = '', , , , target = '', options = ''] = fields;
      const [, source = '', ofFileSystem = ''] = fields.slice(fields.indexOf('-') + 1);
      return {
        id: Number(id),
        source: unescapeOctal(source),
        target: unescapeOctal(target),
        options: [...new Set([...options.split(','), ...ofFileSystem.split(',')])],
      };
    });
}

/** The mount that this file or directory lies on, in this process' view. Throws as `open` does where there is none. */
export async function mountOf(path: string): Promise<Mount> {
  await using file = await open(path, O_PATH);
  const id = /^mnt_id:\s*(\d+)$/m.exec(await readFile(`/proc/self/fdinfo/${file.fd}`, 'utf8'))?.[1];
  const found = (await readMounts()).find((mount) => mount.id === Number(id));
  if (found === undefined) throw new Error(`The kernel names no mount that ${path} lies on`);
  return found;
}

/** Every loop device of the machine that has a file; sysfs says it without a privilege. */
export async function readLoopDevices(): Promise<LoopDevice[]> {
  const names = (await readdir('/sys/block').catch(() => [])).filter((name) => name.startsWith('loop'));
  const found = names.map(async (name): Promise<LoopDevice[]> => {
    // There is no such file while the device has none.
    const text = await readFile(`/sys/block/${name}/loop/backing_file`, 'utf8').catch(() => null);
    return text === null ? [] : [{ device: `/dev/${name}`, file: withoutMark(text.replace(/\n$/, '')) }];
  });
  return (await Promise.all(found)).flat();
}

/**
 * Whether it is a device of this file, whose path ends in a name that no other file has. Where the process that opened it had
 * a view of the mounts to itself, as in a container, and that is gone, the kernel knows only what of the path lay below the
 * mount that it was opened through.
 */
export function isDeviceOf({ file }: LoopDevice, path: string): boolean {
  return file === path || (path.endsWith(file) && file.split('/').length > 2);
}

function withoutMark(file: string): string {
  return file.endsWith(DELETED) ? file.slice(0, -DELETED.length) : file;
}

function unescapeOctal(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
