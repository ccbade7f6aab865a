import { expect, test } from 'vitest';
import { checkFilePath, fromBytePath } from '../../../src/git-host/repos/file-path.ts';

test.each([
  'a',
  'src/main.py',
  '.gitignore',
  '.github/x',
  'a b/ü.txt',
  '-rf',
  'x.git',
  'git',
  '...',
  '"q"',
  'a'.repeat(255),
])('the path %j is taken as it is', (path) => {
  expect(fromBytePath(checkFilePath(path))).toBe(path);
});

test.each([
  ['', 'is empty'],
  ['/etc/passwd', 'absolute'],
  ['a//b', 'empty segment'],
  ['a/', 'empty segment'],
  ['.', 'segment .'],
  ['./a', 'segment .'],
  ['a/../../b', 'segment ..'],
  ['..', 'segment ..'],
  ['.git', '.git'],
  ['.git/config', '.git'],
  ['sub/.GiT/hooks/x', '.git'],
  ['.git./x', '.git'],
  ['.git ', '.git'],
  ['.git::$INDEX_ALLOCATION/x', '.git'],
  ['GIT~1/config', '.git'],
  ['.g\u200cit/config', '.git'],
  ['a\\b', 'backslash'],
  ['a\nb', 'control character'],
  ['a\0b', 'control character'],
  ['a\u007fb', 'control character'],
  ['\ud800', 'not valid Unicode'],
  ['a'.repeat(256), 'longer than 255'],
  ['ab/'.repeat(1400) + 'a', 'longer than 4096'],
])('the path %j is refused, and the message says why: %s', (path, reason) => {
  expect(() => checkFilePath(path)).toThrow(reason);
});
