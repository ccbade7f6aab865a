import { strict as assert } from 'node:assert';
import { posix } from 'node:path';
import * as fc from 'fast-check';
import { HostError } from '../../../src/git-host/http/host-error.ts';
import { jsonProblem } from '../../../src/git-host/http/json-bounds.ts';
import { parseRemote } from '../../../src/git-host/import/remote.ts';
import { checkFilePath, fromBytePath } from '../../../src/git-host/repos/file-path.ts';
import { applyOperations, replaceTree, type Operation } from '../../../src/git-host/repos/operations.ts';
import { nearly, type Property } from './inputs.ts';

const pathsStayInTheRepo = fc.asyncProperty(nearly('ab./\\.gitGIT~1: \u200c'), async (path) => {
  if (refusalOf(() => checkFilePath(path)) !== null) return;
  assert.equal(fromBytePath(checkFilePath(path)), path);
  assert.equal(posix.join('/repo', path), `/repo/${path}`);
  assert.ok(path.split('/').every((part) => !/^(\.git|git~1)$/i.test(part)));
  assert.doesNotMatch(path, /[\p{Cc}\\]/u);
});

const NAMES = ['a', 'b', 'a/x', 'a/y', 'a/x/deep', 'c'];
const name = fc.constantFrom(...NAMES);
const content = fc.constantFrom('1', '2', '');
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ type: fc.constant('write' as const), filename: name, content }),
  fc.record({ type: fc.constant('delete' as const), filename: name }),
  fc.record({ type: fc.constant('rename' as const), old_filename: name, new_filename: name }),
);

/** A diff as a directory on a disk would take it: deletes, then writes, then renames; null where it cannot be done. */
function model(before: Map<string, string>, operations: Operation[]): Map<string, string> | null {
  const files = new Map(before);
  for (const each of operations) {
    if (each.type !== 'delete') continue;
    const gone = [...files.keys()].filter((path) => path === each.filename || path.startsWith(`${each.filename}/`));
    if (gone.length === 0) return null;
    // A file has nothing below it, so only one of both is ever there.
    for (const path of gone) files.delete(path);
  }
  for (const each of operations) if (each.type === 'write') files.set(each.filename, each.content);
  for (const each of operations) {
    if (each.type !== 'rename') continue;
    const moved = files.get(each.old_filename);
    if (moved === undefined) return null;
    files.delete(each.old_filename);
    files.set(each.new_filename, moved);
  }
  const paths = [...files.keys()];
  return paths.some((path) => paths.some((other) => other.startsWith(`${path}/`))) ? null : files;
}

const diffsDoWhatADirectoryWould = fc.asyncProperty(
  fc.uniqueArray(fc.tuple(fc.constantFrom('a/x', 'a/y', 'b'), content), { selector: ([path]) => path }),
  fc.array(operation, { maxLength: 8 }),
  async (files, operations) => {
    const before = replaceTree(
      new Map(),
      files.map(([filename, text]) => ({ filename, content: text })),
    );
    const expected = model(new Map(files), operations);
    const refusal = refusalOf(() => applyOperations(before, operations));
    assert.equal(refusal === null, expected !== null);
    if (expected === null) return;
    const after = [...applyOperations(before, operations)].map(([path, entry]) => [path, entry.content?.toString()]);
    assert.deepEqual(new Map(after as [string, string][]), expected);
  },
);

const importsGoToPublicNamesOnly = fc.asyncProperty(
  fc.tuple(
    fc.constantFrom('http://', 'https://', 'HTTP:', 'https:/', 'ext::', ''),
    nearly('ab1.0x[:]@%2f/\\', 20),
    fc.constantFrom('', '/x.git', ':80/x', ':22/x', '?q=1', '#f'),
  ),
  async (parts) => {
    const text = parts.join('');
    const refusal = refusalOf(() => parseRemote(text, []));
    if (refusal !== null) return;
    const { url, port } = parseRemote(text, []);
    assert.match(url.protocol, /^https?:$/);
    assert.ok(port === 80 || port === 443);
    assert.doesNotMatch(url.hostname, /^[\d.]+$|[[\]:]/);
    assert.equal(`${url.username}${url.password}${url.search}${url.hash}`, '');
  },
);

const boundsAreThoseOfTheParsedBody = fc.asyncProperty(fc.json({ maxDepth: 40 }), async (text) => {
  const depth = depthOf(JSON.parse(text));
  assert.equal(jsonProblem(Buffer.from(text)) === null, depth <= 32);
});

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

/** What a call is refused with; anything else that is thrown is a fault. */
function refusalOf(call: () => unknown): HostError | null {
  try {
    call();
    return null;
  } catch (error) {
    if (error instanceof HostError) return error;
    throw error;
  }
}

/** What clients of the git host send. */
export const GIT_HOST: Record<string, Property> = {
  'a file path stays in its repo': pathsStayInTheRepo,
  'a diff does what a directory would': diffsDoWhatADirectoryWould,
  'an import goes to public names only': importsGoToPublicNamesOnly,
  'the bounds of a body are those of what is parsed': boundsAreThoseOfTheParsedBody,
};
