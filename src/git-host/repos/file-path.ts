import { HostError } from '../http/host-error.ts';

/**
 * A path in a tree as git has it: bytes, one character (U+0000 to U+00FF) each. Pushed trees may hold names that are no
 * UTF-8, and this form loses nothing of them.
 */
export type BytePath = string;

function toBytePath(path: string): BytePath {
  return Buffer.from(path, 'utf8').toString('latin1');
}

export function fromBytePath(path: BytePath): string {
  return Buffer.from(path, 'latin1').toString('utf8');
}

const MAX_PATH_BYTES = 4_096;
const MAX_SEGMENT_BYTES = 255;
const MAX_SEGMENTS = 128;

/**
 * Checks a path that a client wants to write, delete or rename, before git sees it. Throws `bad_value` that names the rule:
 * relative, no empty, `.` or `..` segment, nothing that is `.git` on any client's file system, no control character.
 */
export function checkFilePath(path: string): BytePath {
  const problem = problemOf(path);
  if (problem !== null) throw new HostError('bad_value', `file path ${JSON.stringify(path.slice(0, 200))} ${problem}`);
  return toBytePath(path);
}

function problemOf(path: string): string | null {
  if (path === '') return 'is empty';
  if (!path.isWellFormed()) return 'is not valid Unicode';
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return `is longer than ${MAX_PATH_BYTES} bytes`;
  if (/\p{Cc}/u.test(path)) return 'has a control character';
  if (path.includes('\\')) return 'has a backslash; segments are separated by /';
  if (path.startsWith('/')) return 'is absolute; it must be relative to the repo';
  const segments = path.split('/');
  if (segments.length > MAX_SEGMENTS) return `has more than ${MAX_SEGMENTS} segments`;
  for (const segment of segments) {
    if (segment === '') return 'has an empty segment';
    if (segment === '.' || segment === '..') return `has the segment ${segment}`;
    if (Buffer.byteLength(segment) > MAX_SEGMENT_BYTES) return `has a segment longer than ${MAX_SEGMENT_BYTES} bytes`;
    if (isGitDir(segment)) return 'has a segment that is .git on some file systems';
  }
  return null;
}

/** Characters that HFS+ leaves out when it compares names. */
const IGNORED_BY_HFS = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;

/** `.git` in any case, with HFS+'s ignored characters, NTFS' trailing dots, spaces and streams, or by its short name. */
function isGitDir(segment: string): boolean {
  const [name = ''] = segment.replace(IGNORED_BY_HFS, '').split(':');
  return /^(\.git|git~1)[. ]*$/i.test(name);
}
