import { describe, expect, it } from 'vitest';
import { roomProblem } from '../../../src/warden/disks/room.ts';

const MB = 1024 * 1024;
const room = { freeBytes: 10_000 * MB, disks: [], reserveBytes: 1_000 * MB, overcommit: 1 };

describe('the room that is left for disks', () => {
  it('takes a disk that fits beside what stays free', () => {
    expect(roomProblem(9_000 * MB, room)).toBeNull();
  });

  it('refuses one that would take of what stays free, and says the figures and what to do', () => {
    expect(roomProblem(9_001 * MB, room)).toMatch(/10000 MB free.*1000 MB stay free.*9001 MB more.*resources\.diskMb/);
  });

  it('counts what other sandboxes may still write, and not again what they have written', () => {
    const disks = [{ sizeBytes: 5_000 * MB, takenBytes: 2_000 * MB }];
    expect(roomProblem(6_000 * MB, { ...room, disks })).toBeNull();
    expect(roomProblem(6_001 * MB, { ...room, disks })).toMatch(/3000 MB are promised/);
  });

  it('counts a disk whose file takes more than its size for nothing, and not for less', () => {
    expect(roomProblem(9_000 * MB, { ...room, disks: [{ sizeBytes: MB, takenBytes: 2 * MB }] })).toBeNull();
  });

  it('promises the room several times over where it is told to, but no disk that never fits', () => {
    const disks = [{ sizeBytes: 9_000 * MB, takenBytes: 0 }];
    expect(roomProblem(9_000 * MB, { ...room, disks, overcommit: 2 })).toBeNull();
    expect(roomProblem(9_001 * MB, { ...room, overcommit: 2 })).not.toBeNull();
  });

  it('refuses all where less is free than is to stay free', () => {
    expect(roomProblem(MB, { ...room, freeBytes: 999 * MB })).not.toBeNull();
  });
});
