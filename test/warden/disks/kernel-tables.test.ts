import { describe, expect, it } from 'vitest';
import { parseMounts } from '../../../src/warden/disks/kernel-tables.ts';

describe('the table of mounts', () => {
  it('gives what is mounted where, whatever optional fields stand between', () => {
    const text =
      '36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:2 - ext4 /dev/loop3 rw\n40 1 0:5 / /proc rw - proc proc rw\n';
    expect(parseMounts(text)).toEqual([
      { source: '/dev/loop3', target: '/mnt2' },
      { source: 'proc', target: '/proc' },
    ]);
  });

  it('reads blanks and backslashes in paths', () => {
    expect(parseMounts('1 2 0:1 / /a\\040b\\134c rw - ext4 /dev/x rw')[0]?.target).toBe('/a b\\c');
  });
});
