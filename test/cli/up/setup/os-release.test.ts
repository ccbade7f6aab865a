import { expect, test } from 'vitest';
import { isDebianLike, parseOsRelease } from '../../../../src/cli/up/setup/os-release.ts';

test('fields are read without their quotes, and comments are left out', () => {
  expect(parseOsRelease('# c\nID=debian\nNAME="Debian GNU/Linux"\nX=\'y\'\n\nbroken line\n')).toEqual({
    ID: 'debian',
    NAME: 'Debian GNU/Linux',
    X: 'y',
  });
});

test.each([
  ['ID=debian', true],
  ['ID=ubuntu\nID_LIKE=debian', true],
  ['ID=linuxmint\nID_LIKE="ubuntu debian"', true],
  ['ID=fedora', false],
  ['ID=arch\nID_LIKE="archlinux"', false],
  ['', false],
])('%j has the packages of Debian: %s', (text, answer) => {
  expect(isDebianLike(text)).toBe(answer);
});
