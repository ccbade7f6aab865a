import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRepo, openTestHost, type TestHost } from './support/test-host.ts';

const A_BODY = { source: { type: 'files', files: [{ filename: 'a', content: 'new' }] } };

describe('who may do what', () => {
  let host: TestHost;
  let own: string;
  let other: string;
  let token: string;
  let reader: string;
  const unknown = randomUUID();

  beforeAll(async () => {
    host = await openTestHost();
    own = (await createRepo(host, { a: 'own' })).id;
    other = (await createRepo(host, { a: 'other' })).id;
    token = await host.mint({ repo_ids: [own] });
    reader = await host.mint({ repo_ids: [own, other], access: { [own]: 'read' } });
  });
  afterAll(() => host[Symbol.asyncDispose]());

  const everything = (): [string, string][] => [
    ['GET', `/repo/${own}`],
    ['GET', `/repo/${unknown}`],
    ['POST', `/repo/${own}/update`],
    ['GET', `/repo/${own}/clone`],
    ['GET', `/repo/${own}/file/a`],
    ['PUT', `/repo/${own}/file/a`],
    ['DELETE', `/repo/${own}/file/a`],
    ['DELETE', `/repo/${own}`],
    ['POST', '/repo'],
    ['GET', '/repo'],
    ['POST', '/repo_token'],
    ['GET', '/repo_token'],
    ['DELETE', `/repo_token/${token}`],
    ['GET', `/repo/${own}.git/info/refs?service=git-upload-pack`],
    ['POST', `/repo/${own}.git/git-upload-pack`],
    ['POST', `/repo/${own}.git/git-receive-pack`],
    ['GET', '/no/such/call'],
  ];

  test('without a key, with a wrong one and with a malformed one every call is 401 and changes nothing', async () => {
    for (const [method, path] of everything()) {
      for (const key of [null, 'wrong-key-of-nobody', `rlcr-${'0'.repeat(40)}`, ' ']) {
        const answer = await host.call(method, path, { key });
        expect([path, answer.status, answer.body]).toEqual([path, 401, { error: expect.any(String) }]);
      }
    }
    expect((await host.call('GET', `/repo/${own}`)).status).toBe(200);
  });

  test('a 401 to git asks for Basic credentials, and one to REST does not', async () => {
    const git = await host.call('GET', `/repo/${own}.git/info/refs?service=git-upload-pack`, { key: null });
    expect(git.headers.get('www-authenticate')).toBe('Basic realm="daypass"');
    expect((await host.call('GET', `/repo/${own}`, { key: null })).headers.get('www-authenticate')).toBeNull();
  });

  test('a token gets 403 on each repo that is not its own, whether that exists or not, and on all that is no repo', async () => {
    const refused: [string, string][] = [
      ...[other, unknown, 'no-uuid'].flatMap((id): [string, string][] => [
        ['GET', `/repo/${id}`],
        ['POST', `/repo/${id}/update`],
        ['GET', `/repo/${id}/clone`],
        ['GET', `/repo/${id}/file/a`],
        ['PUT', `/repo/${id}/file/a`],
        ['DELETE', `/repo/${id}/file/a`],
        ['GET', `/repo/${id}/no-such-call`],
        ['GET', `/repo/${id}.git/info/refs?service=git-upload-pack`],
        ['POST', `/repo/${id}.git/git-upload-pack`],
        ['POST', `/repo/${id}.git/git-receive-pack`],
        ['GET', `/repo/${id}.git/HEAD`],
      ]),
      ['DELETE', `/repo/${own}`],
      ['POST', '/repo'],
      ['GET', '/repo'],
      ['POST', '/repo_token'],
      ['GET', '/repo_token'],
      ['GET', `/repo_token/${token}`],
      ['DELETE', `/repo_token/${token}`],
      ['GET', '/no/such/call'],
    ];
    for (const [method, path] of refused) {
      const answer = await host.call(method, path, { key: token, ...(method === 'POST' && { body: A_BODY }) });
      expect([method, path, answer.status, answer.body]).toEqual([method, path, 403, { error: expect.any(String) }]);
    }
    expect((await host.call('GET', `/repo/${own}`, { key: token })).status).toBe(200);
  });

  test('a read token reads its repo, is refused each kind of write, and writes where it may', async () => {
    expect((await host.call('GET', `/repo/${own}`, { key: reader })).status).toBe(200);
    const refs = `/repo/${own}.git/info/refs?service=git-receive-pack`;
    expect((await host.call('GET', refs, { key: reader })).status).toBe(403);
    expect((await host.call('POST', `/repo/${own}.git/git-receive-pack`, { key: reader })).status).toBe(403);
    expect((await host.call('POST', `/repo/${own}/update`, { key: reader, body: A_BODY })).status).toBe(403);
    expect((await host.call('PUT', `/repo/${own}/file/b`, { key: reader, body: 'b' })).status).toBe(403);
    expect((await host.call('DELETE', `/repo/${own}/file/a`, { key: reader })).status).toBe(403);
    expect((await host.call('GET', `/repo/${own}/clone`, { key: reader })).status).toBe(200);
    expect((await host.call('POST', `/repo/${other}/update`, { key: reader, body: A_BODY })).status).toBe(200);
  });

  test('the account hears 404 for what is unknown, 405 for a wrong method and 501 for what is not built', async () => {
    const answers: [string, string, number][] = [
      ['GET', `/repo/${unknown}`, 404],
      ['GET', '/repo/no-uuid', 404],
      ['GET', '/repo/..%2f..%2fetc', 404],
      ['DELETE', `/repo/${unknown}`, 404],
      ['GET', `/repo/${unknown}.git/info/refs?service=git-upload-pack`, 404],
      ['GET', `/repo/${own}/no-such-call`, 404],
      ['GET', '/no/such/call', 404],
      ['PUT', '/repo', 405],
      ['PUT', `/repo/${own}`, 405],
      ['GET', `/repo/${own}/update`, 405],
      ['PUT', '/repo_token', 405],
      ['PUT', `/repo_token/${token}`, 405],
      ['GET', '/repo/%ff', 400],
      ['POST', `/repo/${own}/retrieve`, 501],
      ['POST', `/repo/${own}/search`, 501],
      ['POST', `/repo/${own}/agent`, 501],
      ['GET', `/repo/${own}/embedding_status`, 501],
    ];
    for (const [method, path, status] of answers) {
      const answer = await host.call(method, path);
      expect([method, path, answer.status, answer.body]).toEqual([method, path, status, { error: expect.any(String) }]);
    }
  });

  test('a wrong method is answered with those that the path has', async () => {
    const allowed: [string, string, string][] = [
      ['PUT', '/repo', 'GET, POST'],
      ['POST', `/repo/${own}`, 'GET, DELETE'],
      ['GET', `/repo/${own}/update`, 'POST'],
      ['POST', `/repo/${own}/clone`, 'GET'],
      ['POST', `/repo/${own}/file/a`, 'GET, PUT, DELETE'],
      ['GET', `/repo/${own}/retrieve`, 'POST'],
      ['GET', `/repo/${own}/search`, 'POST'],
      ['GET', `/repo/${own}/agent`, 'POST'],
      ['POST', `/repo/${own}/embedding_status`, 'GET'],
    ];
    for (const [method, path, allow] of allowed) {
      const answer = await host.call(method, path);
      expect([method, path, answer.status, answer.headers.get('allow')]).toEqual([method, path, 405, allow]);
    }
  });

  test('upper-case repo ids name the same repo', async () => {
    expect((await host.call('GET', `/repo/${own.toUpperCase()}`, { key: token })).status).toBe(200);
  });
});
