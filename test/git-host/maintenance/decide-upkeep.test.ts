import { describe, expect, test } from 'vitest';
import { decideUpkeep } from '../../../src/git-host/maintenance/decide-upkeep.ts';

const DAY_MS = 24 * 3_600_000;
const NOW_MS = Date.UTC(2026, 0, 31);
const young = { createdAtMs: NOW_MS - DAY_MS, changedAtMs: NOW_MS };

const packsOf = (...sizes: number[]) => sizes.map((bytes, index) => ({ name: `pack-${index}`, bytes }));
const facts = (packs: { name: string; bytes: number }[], looseObjects = 0) => ({
  packs,
  looseObjects,
  sweptAtMs: null,
});

describe('packs', () => {
  test('few packs are left alone', () => {
    expect(decideUpkeep(facts(packsOf(...Array.from({ length: 20 }, () => 1))), young, NOW_MS)).toEqual({
      kind: 'none',
    });
  });

  test('of many packs the small ones are merged, and a large one is not written again for their sake', () => {
    const packs = [...packsOf(...Array.from({ length: 20 }, () => 10)), { name: 'pack-large', bytes: 1_000 }];
    const upkeep = decideUpkeep(facts(packs), young, NOW_MS);
    expect(upkeep).toEqual({
      kind: 'merge',
      packs: packsOf(...Array.from({ length: 20 }, () => 10)).map((p) => p.name),
    });
  });

  test('a large pack is written again when as much has been added to it', () => {
    const packs = [...packsOf(...Array.from({ length: 60 }, () => 10)), { name: 'pack-large', bytes: 1_000 }];
    const upkeep = decideUpkeep(facts(packs), young, NOW_MS);
    expect(upkeep.kind === 'merge' && upkeep.packs).toContain('pack-large');
  });

  test('many loose objects are packed though there is no pack to merge', () => {
    expect(decideUpkeep(facts([], 1_024), young, NOW_MS)).toEqual({ kind: 'merge', packs: [] });
  });
});

describe('unreachable objects', () => {
  const changedDaysAgo = (days: number) => ({ createdAtMs: NOW_MS - 60 * DAY_MS, changedAtMs: NOW_MS - days * DAY_MS });
  const sweptDaysAgo = (days: number) => ({ ...facts([]), sweptAtMs: NOW_MS - days * DAY_MS });

  test('a repo that changed is swept once a week', () => {
    expect(decideUpkeep(facts([]), changedDaysAgo(1), NOW_MS)).toEqual({ kind: 'sweep' });
    expect(decideUpkeep(sweptDaysAgo(6), changedDaysAgo(1), NOW_MS)).toEqual({ kind: 'none' });
    expect(decideUpkeep(sweptDaysAgo(8), changedDaysAgo(1), NOW_MS)).toEqual({ kind: 'sweep' });
  });

  test('it is swept until nothing of its last change is kept any more, and no repo is swept in its first week', () => {
    expect(decideUpkeep(sweptDaysAgo(8), changedDaysAgo(20), NOW_MS)).toEqual({ kind: 'sweep' });
    expect(decideUpkeep(sweptDaysAgo(8), changedDaysAgo(30), NOW_MS)).toEqual({ kind: 'none' });
    expect(decideUpkeep(facts([]), young, NOW_MS)).toEqual({ kind: 'none' });
  });
});
