import { describe, expect, test } from 'vitest';
import { matchesPushPattern, pushPatternProblem, resolvePushRules } from '../../src/session/push-rules.ts';

describe('a pattern of push.branches', () => {
  test.each(['main', 'agent/*', 'agent/*/work', '*', 'refs/heads/x', 'refs/tags/v*', 'release-*-final'])(
    'may be %s',
    (pattern) => expect(pushPatternProblem(pattern)).toBeNull(),
  );

  test.each([
    '',
    'agent/',
    '/agent',
    'a..b',
    'a b',
    'a?',
    'a[b]',
    'refs/notes/x',
    'refs/*',
    'x.lock',
    '-x',
    'a~1',
    'é'.repeat(200),
  ])('cannot be %j, since no ref could match it or it is no branch or tag', (pattern) =>
    expect(pushPatternProblem(pattern)).not.toBeNull(),
  );

  test.each([
    ['agent/*', 'refs/heads/agent/a'],
    ['agent/*', 'refs/heads/agent/a/b'],
    ['*', 'refs/heads/main'],
    ['a*b*c', 'refs/heads/abbc'],
    ['refs/tags/v*', 'refs/tags/v1'],
    ['main', 'refs/heads/main'],
  ])('%s is for %s', (pattern, ref) => expect(matchesPushPattern([pattern], ref)).toBe(true));

  test.each([
    ['agent/*', 'refs/heads/agentx'],
    ['agent/*', 'refs/tags/agent/a'],
    ['agent/*', 'refs/heads/x/agent/a'],
    ['*', 'refs/tags/v1'],
    ['*', 'HEAD'],
    ['main', 'refs/heads/main2'],
    ['main', 'refs/heads/refs/heads/main'],
    ['a*a', 'refs/heads/a'],
    ['a*b*b', 'refs/heads/ab'],
    ['main', 'refs/heads/MAIN'],
  ])('%s is not for %s', (pattern, ref) => expect(matchesPushPattern([pattern], ref)).toBe(false));

  test('that nobody gave is the session’s own', () => {
    const rules = resolvePushRules('ses_1', { branches: null, force: false, delete: false });
    expect(rules).toEqual({ branches: ['agent/ses_1/*'], force: false, delete: false });
    expect(resolvePushRules('ses_1', { ...rules, branches: ['x'] }).branches).toEqual(['x']);
  });

  test('takes no long time, whatever it is held against', () => {
    // Of this process alone, whatever else the machine has to do.
    const before = process.cpuUsage();
    expect(matchesPushPattern([`${'a*'.repeat(120)}b`], `refs/heads/${'a'.repeat(60_000)}`)).toBe(false);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(1_000);
  });
});
