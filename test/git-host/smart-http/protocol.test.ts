import { expect, test } from 'vitest';
import { packetLine, parseProtocol, parseService } from '../../../src/git-host/smart-http/protocol.ts';

test('only the two services of smart HTTP are known', () => {
  expect(parseService('git-upload-pack')).toBe('upload-pack');
  expect(parseService('git-receive-pack')).toBe('receive-pack');
  for (const value of [null, '', 'upload-pack', 'git-upload-archive', 'git-upload-pack --help']) {
    expect(() => parseService(value)).toThrow('smart HTTP');
  }
});

test.each(['version=2', 'version=1:x=1.2', 'a:b=c'])('%s is passed on to git', (header) => {
  expect(parseProtocol(header)).toBe(header);
});

test.each(['', 'version=2\nX', 'version=$(id)', ':', 'a=', 'a'.repeat(201), ['version=2', 'x']])(
  '%j is not passed on to git',
  (header) => {
    expect(parseProtocol(header)).toBeNull();
  },
);

test('a packet begins with its length in hex', () => {
  expect(packetLine('# service=git-upload-pack\n')).toBe('001e# service=git-upload-pack\n');
});
