import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { pathProblem, refProblem } from '../../src/session/git-names.ts';

/** What git itself says. */
function gitTakes(ref: string): boolean {
  try {
    execFileSync('git', ['check-ref-format', '--allow-onelevel', ref], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('refs', () => {
  it.each([
    'main',
    'feature/x',
    'refs/heads/main',
    'v1.0',
    '0123456789abcdef0123456789abcdef01234567',
    'a@b',
    'a-b',
    'über',
    'a{b}',
    'a'.repeat(255),
  ])('takes %s, as git does', (ref) => {
    expect(refProblem(ref)).toBeNull();
    expect(gitTakes(ref)).toBe(true);
  });

  it.each([
    '',
    '@',
    '.a',
    'a/.b',
    'a..b',
    'a.',
    'a/',
    '/a',
    'a//b',
    'a.lock',
    'a.lock/b',
    'a b',
    'a~1',
    'a^',
    'a:b',
    'a?',
    'a*',
    'a[b',
    'a\\b',
    'a@{0}',
    'a\u0001',
    'a\u007f',
    'a\n',
  ])('refuses %j, as git does', (ref) => {
    expect(refProblem(ref)).toMatch(/^must /);
    expect(gitTakes(ref)).toBe(false);
  });

  it.each(['-x', '--upload-pack=x', 'a/-b', 'a\u0085b', 'a\u2028b', 'a'.repeat(256), 'ü'.repeat(128)])(
    'refuses %j, though git may take it',
    (ref) => {
      expect(refProblem(ref)).toMatch(/^must /);
    },
  );
});

describe('paths', () => {
  it.each([
    'app',
    'a/b/c',
    '.github',
    '.gitignore',
    'git',
    'a.git',
    'with space',
    'ünï',
    '...',
    'git~x',
    'x'.repeat(200),
  ])('takes %s', (path) => {
    expect(pathProblem(path)).toBeNull();
  });

  it.each([
    ['', 'empty'],
    ['/etc', 'relative'],
    ['.', '".."'],
    ['..', '".."'],
    ['a/../b', '".."'],
    ['a/./b', '".."'],
    ['a/', '"//"'],
    ['a//b', '"//"'],
    ['-rf', '"-"'],
    ['a/-b', '"-"'],
    ['a\\b', 'control'],
    ['a\0b', 'control'],
    ['a\nb', 'control'],
    ['a\u007fb', 'control'],
    ['x'.repeat(201), '200 bytes'],
    ['ü'.repeat(101), '200 bytes'],
    ['.git', '.git'],
    ['.GIT', '.git'],
    ['a/.Git/hooks', '.git'],
    ['git~1', '.git'],
    ['GIT~2/x', '.git'],
    ['.git.', '.git'],
    ['.git ', '.git'],
    ['.git. .', '.git'],
    ['.git::$INDEX_ALLOCATION', '.git'],
    ['.g\u200cit', '.git'],
    ['\ufeff.git', '.git'],
    ['.git\u202e', '.git'],
  ])('refuses %j and names %s', (path, named) => {
    expect(pathProblem(path)).toContain(named);
  });
});
