import { describe, expect, it } from 'vitest';
import { judgeVersions } from '../../src/runtime/docker/engine-versions.ts';

const judge = (engine: string, containerd: string, runc: string) =>
  judgeVersions({
    Version: engine,
    ApiVersion: '1.41',
    Components: [
      { Name: 'Engine', Version: engine },
      { Name: 'containerd', Version: containerd },
      { Name: 'runc', Version: runc },
    ],
  });

describe('an engine by its versions', () => {
  it.each([
    ['29.3.1', 'v2.2.0', '1.4.0'],
    ['28.5.0', '1.7.29', '1.3.3'],
    ['27.1.1', '2.0.7', '1.2.8'],
    ['25.0.6', '2.1.5', '1.3.4'],
    ['a branch', 'deadbeef', 'unknown'],
  ])('has nothing against it: engine %s, containerd %s, runc %s', (...versions) => {
    expect(judge(...versions)).toEqual({ refused: [], warnings: [] });
  });

  it('is refused when it is older than what a sandbox is made of', () => {
    expect(judge('19.03.15', '2.2.0', '1.4.0').refused).toEqual([expect.stringContaining('Engine 19.03.15')]);
    expect(judge('29.0.0', '2.2.0', '1.0.0-rc6').refused).toEqual([expect.stringContaining('runc 1.0.0-rc6')]);
    expect(judge('29.0.0', '2.2.0', '0.1.1').refused).toEqual([expect.stringContaining('CVE-2019-5736')]);
  });

  it.each([
    ['29.0.0', '2.2.0', '1.1.11', /CVE-2024-21626/],
    ['29.0.0', '2.2.0', '1.1.15', /CVE-2025-31133/],
    ['29.0.0', '2.2.0', '1.2.7', /CVE-2025-31133/],
    ['29.0.0', '2.2.0', '1.3.2', /CVE-2025-31133/],
    ['29.0.0', '1.6.38', '1.4.0', /CVE-2024-25621/],
    ['26.1.4', '2.2.0', '1.4.0', /CVE-2024-41110/],
  ])('is warned about: engine %s, containerd %s, runc %s', (engine, containerd, runc, said) => {
    const { refused, warnings } = judge(engine, containerd, runc);
    expect(refused).toEqual([]);
    expect(warnings.join()).toMatch(said);
  });

  it('of a distribution may have got its fixes under an older number, and is told so', () => {
    const { refused, warnings } = judge('20.10.24+dfsg1', '1.6.20~ds1', '1.1.5+ds1');
    expect(refused).toEqual([]);
    expect(warnings).toHaveLength(4);
    for (const warning of warnings) expect(warning).toContain('your distribution');
  });
});
