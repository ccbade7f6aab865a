import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DISCOVERY } from './features/discovery.ts';
import { FETCHING } from './features/fetching.ts';
import { HTTP } from './features/http.ts';
import { featureTable } from './features/markdown.ts';
import { PUSHING } from './features/pushing.ts';
import { openFeatureRig, type FeatureRig } from './features/rig.ts';

const AREAS = { discovery: DISCOVERY, fetching: FETCHING, pushing: PUSHING, http: HTTP };

describe('what git documents of itself over HTTP is as the table says', () => {
  let rig: FeatureRig;
  beforeAll(async () => {
    rig = await openFeatureRig();
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  describe.each(Object.entries(AREAS))('%s', (_, features) => {
    test.each(features.map((feature) => [feature.offered === 'yes' ? 'has' : 'has not', feature.name, feature]))(
      'the host %s: %s',
      async (_offered, _name, feature) => {
        await expect(feature.see(rig)).resolves.toBeUndefined();
      },
    );
  });
});

test.each(Object.entries(AREAS))('docs/git-over-http.md says the same: %s', async (area, features) => {
  const text = await readFile(new URL('../../docs/git-over-http.md', import.meta.url), 'utf8');
  const section = new RegExp(`<!-- ${area} -->\n\n?(.*?)\n\n?<!-- /${area} -->`, 's').exec(text)?.[1];
  // Tables are laid out for the eye there, so only the cells are compared.
  expect(cells(section ?? '')).toEqual(cells(featureTable(features)));
});

function cells(table: string): string[][] {
  const rows = table.split('\n').filter((line) => !/^[|\s-]+$/.test(line));
  return rows.map((row) => row.split('|').map((cell) => cell.trim()));
}
