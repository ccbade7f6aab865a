import { describe, expect, it } from 'vitest';
import { mountOf, parseMounts } from '../../../src/warden/disks/kernel-tables.ts';

describe('the table of mounts', () => {
  it('gives what is mounted where, whatever optional fields stand between', () => {
    const text =
      '36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:2 - ext4 /dev/loop3 rw\n40 1 0:5 / /proc rw - proc proc rw\n';
    expect(parseMounts(text)).toEqual([
      { id: 36, source: '/dev/loop3', target: '/mnt2', options: ['rw', 'noatime'] },
      { id: 40, source: 'proc', target: '/proc', options: ['rw'] },
    ]);
  });

  it('gives the options of a mount and those of its file system, each once', () => {
    const text = '36 35 98:0 / /run rw,nosuid,nodev,noexec - tmpfs tmpfs rw,noexec,size=1k\n';
    expect(parseMounts(text)[0]?.options).toEqual(['rw', 'nosuid', 'nodev', 'noexec', 'size=1k']);
  });

  it('gives the mount that a path lies on, whatever is mounted below and above it', async () => {
    expect(await mountOf('/proc/self/status')).toMatchObject({ target: '/proc', source: 'proc' });
    expect(await mountOf('/dev/shm')).toMatchObject({ target: '/dev/shm' });
    await expect(mountOf('/nonexistent')).rejects.toThrow('ENOENT');
  });

  it('reads blanks and backslashes in paths', () => {
    expect(parseMounts('1 2 0:1 / /a\\040b\\134c rw - ext4 /dev/x rw')[0]?.target).toBe('/a b\\c');
  });
});
