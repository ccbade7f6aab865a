import { createHash, randomBytes } from 'node:crypto';
import { chmod, readFile, symlink, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MAX_FILE_BYTES } from '../../src/git-host/repos/operations.ts';
import { openGitClient } from './support/git-client.ts';
import { ACCOUNT_KEY, createEmptyRepo, createRepo, openTestHost, type TestHost } from './support/test-host.ts';

describe('files one by one', () => {
  let host: TestHost;

  beforeAll(async () => {
    host = await openTestHost();
  });
  afterAll(() => host[Symbol.asyncDispose]());

  const send = (
    method: string,
    id: string,
    path: string,
    init: { body?: string | Buffer | ReadableStream; headers?: Record<string, string> } = {},
  ) =>
    fetch(`${host.url}/repo/${id}/file/${path}`, {
      ...init,
      method,
      headers: { authorization: `Bearer ${ACCOUNT_KEY}`, ...init.headers },
      ...(init.body instanceof ReadableStream && { duplex: 'half' }),
    });

  test('the SDK uploads, downloads and deletes, each change is a commit, and the same bytes again are none', async () => {
    await using client = await openGitClient();
    const { file } = host.sdk().repo;
    const repo_id = await createEmptyRepo(host);

    const first = await file.upload('src/ä b%2F.json', '{"n": 1}\n', { repo_id });
    const again = await file.upload('src/ä b%2F.json', '{"n": 1}\n', { repo_id });
    const second = await file.upload('other', 'o', { repo_id });

    expect(first).toEqual({ repo_id, repo_head: expect.any(String), changed_files: ['src/ä b%2F.json'] });
    expect(again).toEqual({ repo_id, repo_head: first.repo_head, changed_files: [] });
    expect(await file.download('src/ä b%2F.json', { repo_id })).toBe('{"n": 1}\n');
    const last = await file.delete('src/ä b%2F.json', { repo_id });
    expect(last.changed_files).toEqual(['src/ä b%2F.json']);
    await client.git(['clone', '--quiet', host.cloneUrl(repo_id, ACCOUNT_KEY), 'r']);
    const log = await client.git(['log', '--format=%H %s'], { cwd: 'r' });
    expect(log.split('\n')).toEqual([
      `${last.repo_head} Delete src/ä b%2F.json`,
      `${second.repo_head} Write other`,
      `${first.repo_head} Write src/ä b%2F.json`,
    ]);
    expect((await host.sdk().repo.get(repo_id)).updated_at).not.toBeNull();
  });

  test('any bytes come back as they were, up to the largest size, and one byte more is refused while it is sent', async () => {
    const id = await createEmptyRepo(host);
    const bytes = randomBytes(MAX_FILE_BYTES);
    expect((await send('PUT', id, 'big.bin', { body: bytes })).status).toBe(200);

    const answer = await send('GET', id, 'big.bin');
    const got = Buffer.from(await answer.arrayBuffer());

    expect(got.equals(bytes)).toBe(true);
    expect(answer.headers.get('content-length')).toBe(String(MAX_FILE_BYTES));
    expect(answer.headers.get('content-type')).toBe('application/octet-stream');
    const announced = await send('PUT', id, 'more.bin', { body: Buffer.concat([bytes, Buffer.of(0)]) });
    const streamed = await send('PUT', id, 'more.bin', { body: ReadableStream.from([bytes, Buffer.of(0)]) });
    for (const refused of [announced, streamed]) {
      expect([refused.status, await refused.json()]).toEqual([
        413,
        { error: `the file is larger than ${MAX_FILE_BYTES} bytes` },
      ]);
    }
    expect((await send('GET', id, 'more.bin')).status).toBe(404);
  });

  test('HEAD tells size and name of the content, and a client that has it already is told so', async () => {
    const { id } = await createRepo(host, { a: 'hello' });
    const head = await send('HEAD', id, 'a');
    const etag = `"${createHash('sha1').update('blob 5\0hello').digest('hex')}"`;
    expect([head.status, head.headers.get('content-length'), head.headers.get('etag')]).toEqual([200, '5', etag]);
    expect((await send('GET', id, 'a', { headers: { 'if-none-match': etag } })).status).toBe(304);
    expect((await send('GET', id, 'a', { headers: { 'if-none-match': `"other", W/${etag}` } })).status).toBe(304);
    expect((await send('GET', id, 'a', { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
    expect((await send('HEAD', id, 'b')).status).toBe(404);
  });

  test('the executable bit stays, a link is read as its text and becomes a file when it is written', async () => {
    await using client = await openGitClient();
    const id = await createEmptyRepo(host);
    await client.git(['clone', '--quiet', host.cloneUrl(id, ACCOUNT_KEY), 'work']);
    await writeFile(client.path('work', 'run.sh'), 'old');
    await chmod(client.path('work', 'run.sh'), 0o755);
    await symlink('/etc/passwd', client.path('work', 'link'));
    await symlink('run.sh', client.path('work', 'gone'));
    await client.git(['add', '.'], { cwd: 'work' });
    await client.git(['commit', '--quiet', '-m', 'One'], { cwd: 'work' });
    await client.git(['push', '--quiet', 'origin', 'HEAD:main'], { cwd: 'work' });

    const link = await send('GET', id, 'link');
    expect([await link.text(), link.headers.get('x-file-mode')]).toEqual(['/etc/passwd', '120000']);
    for (const path of ['run.sh', 'link']) await send('PUT', id, path, { body: 'new' });
    await send('DELETE', id, 'gone');

    await client.git(['pull', '--quiet', 'origin', 'main'], { cwd: 'work' });
    const tree = await client.git(['ls-tree', '--format=%(objectmode) %(path)', 'HEAD'], { cwd: 'work' });
    expect(tree.split('\n')).toEqual(['100644 link', '100755 run.sh']);
    expect(await readFile(client.path('work', 'link'), 'utf8')).toBe('new');
  });

  test('what cannot be is refused with its reason and changes nothing', async () => {
    const { id, head } = await createRepo(host, { a: 'a', 'dir/x': 'x' });
    const refused: [string, string, number, string][] = [
      ['GET', 'nothing', 404, 'there is no file "nothing"'],
      ['GET', 'dir', 404, '"dir" is a directory and no file'],
      ['GET', 'a/b', 404, 'there is no file "a/b"'],
      ['GET', ':(top)a', 404, 'there is no file ":(top)a"'],
      ['GET', '*', 404, 'there is no file "*"'],
      ['GET', '%2e%2e%2fetc%2fpasswd', 400, 'file path "../etc/passwd" has the segment ..'],
      ['GET', 'a%00b', 400, 'file path "a\\u0000b" has a control character'],
      ['GET', '%ff', 400, 'the request path cannot be decoded'],
      ['PUT', 'dir', 400, '"dir" would be a file and a directory at once'],
      ['PUT', 'a/b', 400, '"a" would be a file and a directory at once'],
      ['PUT', '.git%2Fconfig', 400, 'file path ".git/config" has a segment that is .git on some file systems'],
      ['PUT', 'x//y', 400, 'file path "x//y" has an empty segment'],
      ['DELETE', 'nothing', 404, 'there is no file "nothing"'],
      ['DELETE', 'dir', 400, '"dir" is a directory; delete it by an update of type diff'],
    ];
    for (const [method, path, status, error] of refused) {
      const answer = await send(method, id, path, method === 'PUT' ? { body: 'new' } : {});
      expect([method, path, answer.status, await answer.json()]).toEqual([method, path, status, { error }]);
    }
    const packed = await send('PUT', id, 'a', { body: 'x', headers: { 'content-encoding': 'gzip' } });
    expect(packed.status).toBe(415);
    expect((await host.sdk().repo.update(id, {})).repo_head).toBe(head);
  });
});
