import { strict as assert } from 'node:assert';
import { posix } from 'node:path';
import * as fc from 'fast-check';
import { HostError } from '../../../src/git-host/http/host-error.ts';
import { parseRemote } from '../../../src/git-host/import/remote.ts';
import { contentOfBytes, type Content } from '../../../src/git-host/repos/content.ts';
import { checkFilePath, fromBytePath } from '../../../src/git-host/repos/file-path.ts';
import { applyOperations, replaceTree, type Operation } from '../../../src/git-host/repos/operations.ts';
import type { Tree } from '../../../src/git-host/repos/tree.ts';
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
const TEXTS = ['1', '2', ''];
const CONTENTS = new Map(
  await Promise.all(TEXTS.map(async (text) => [text, await contentOfBytes(Buffer.from(text))] as const)),
);
const content = fc.constantFrom(...TEXTS);
type WireOperation = Exclude<Operation, { type: 'write' }> | { type: 'write'; filename: string; content: string };
const operation: fc.Arbitrary<WireOperation> = fc.oneof(
  fc.record({ type: fc.constant('write' as const), filename: name, content }),
  fc.record({ type: fc.constant('delete' as const), filename: name }),
  fc.record({ type: fc.constant('rename' as const), old_filename: name, new_filename: name }),
);

/** A diff as a directory on a disk would take it: deletes, then writes, then renames; null where it cannot be done. */
function model(before: Map<string, string>, operations: WireOperation[]): Map<string, string> | null {
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
    const before = await replaceTree(files.map(([filename, text]) => ({ filename, content: found(text) }))).apply(
      new Map(),
    );
    const expected = model(new Map(files), operations);
    const change = applyOperations(
      operations.map((each) => (each.type === 'write' ? { ...each, content: found(each.content) } : each)),
    );
    // A change that is told only what it says that it concerns comes to the same.
    const concerned = async () => {
      const { concerns, apply } = await change;
      const [within, beside] = [new Map(before), new Map(before)];
      for (const path of before.keys()) (concerns(path) ? beside : within).delete(path);
      return new Map([...beside, ...(await apply(within))]);
    };
    const result = await concerned().catch((error: unknown) => error);
    if (!(result instanceof Map)) assert.ok(result instanceof HostError, String(result));
    assert.equal(result instanceof Map, expected !== null);
    if (!(result instanceof Map) || expected === null) return;
    const names = new Map([...CONTENTS].map(([text, { objectId }]) => [objectId, text]));
    const after = [...(result as Tree)].map(([path, { objectId }]) => [path, names.get(objectId)]);
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

function found(text: string): Content {
  const known = CONTENTS.get(text);
  assert.ok(known);
  return known;
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
};
