import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { gzipSync } from 'node:zlib';
import { expect } from 'vitest';
import type { Feature } from './feature.ts';

const LIST_REFS = '0014command=ls-refs\n00010000';
const RPC = { 'content-type': 'application/x-git-upload-pack-request', 'git-protocol': 'version=2' };

/** What HTTP itself has to be like. */
export const HTTP: Feature[] = [
  {
    name: 'Content types of the answers',
    source: 'gitprotocol-http(5), Smart Server Response',
    offered: 'yes',
    async see({ request }) {
      for (const service of ['git-upload-pack', 'git-receive-pack']) {
        const advertised = await request(`/info/refs?service=${service}`);
        expect(advertised.headers.get('content-type')).toBe(`application/x-${service}-advertisement`);
      }
      const answer = await request('/git-upload-pack', { method: 'POST', headers: RPC, body: LIST_REFS });
      expect(answer.headers.get('content-type')).toBe('application/x-git-upload-pack-result');
    },
  },
  {
    name: 'Answers are not to be cached',
    source: 'gitprotocol-http(5), Session State',
    offered: 'yes',
    async see({ request }) {
      const advertised = await request('/info/refs?service=git-upload-pack');
      expect(advertised.headers.get('cache-control')).toContain('no-cache');
      const answer = await request('/git-upload-pack', { method: 'POST', headers: RPC, body: LIST_REFS });
      expect(answer.headers.get('cache-control')).toContain('no-cache');
    },
  },
  {
    name: 'Basic authentication, asked for by 401',
    source: 'gitprotocol-http(5), Authentication; gitcredentials(7)',
    offered: 'yes',
    note: 'any user name, the token as the password; `Bearer` as well',
    async see({ request, client, host, seed }) {
      const answer = await request('/info/refs?service=git-upload-pack', { token: null });
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Basic realm="daypass"']);
      const token = await host.mint({ repo_ids: [seed.id] });
      const helper = `!f() { echo username=any; echo password=${token}; }; f`;
      await client.git(['-c', `credential.helper=${helper}`, 'ls-remote', host.cloneUrl(seed.id)]);
    },
  },
  {
    name: 'A token that may not is refused by 403',
    source: 'gitprotocol-http(5), Authentication',
    offered: 'yes',
    async see({ request, host, seed }) {
      const token = await host.mint({ repo_ids: [seed.id], access: 'read' });
      expect((await request('/info/refs?service=git-upload-pack', { token })).status).toBe(200);
      expect((await request('/info/refs?service=git-receive-pack', { token })).status).toBe(403);
      expect((await request('/git-receive-pack', { method: 'POST', token })).status).toBe(403);
    },
  },
  {
    name: 'Bodies packed with gzip',
    source: 'gitprotocol-http(5); http.c of git, which packs long lists of commits',
    offered: 'yes',
    async see({ request }) {
      const headers = { ...RPC, 'content-encoding': 'gzip' };
      const answer = await request('/git-upload-pack', { method: 'POST', headers, body: gzipSync(LIST_REFS) });
      expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('refs/heads/main')]);
    },
  },
  {
    name: 'Bodies in other encodings or of other types',
    source: 'gitprotocol-http(5), Smart Service git-upload-pack',
    offered: 'no',
    note: 'refused with 415',
    async see({ request }) {
      const post = (headers: Record<string, string>) =>
        request('/git-upload-pack', { method: 'POST', headers, body: LIST_REFS });
      expect((await post({ ...RPC, 'content-encoding': 'br' })).status).toBe(415);
      expect((await post({ ...RPC, 'content-type': 'text/plain' })).status).toBe(415);
    },
  },
  {
    name: 'Chunked bodies, and Expect: 100-continue',
    source: 'git-config(1), http.postBuffer; RFC 9110, 10.1.1',
    offered: 'yes',
    async see({ host, seed }) {
      const url = new URL(seed.url);
      const authorization = `Basic ${Buffer.from(`${url.username}:${url.password}`).toString('base64')}`;
      const headers = { ...RPC, authorization, expect: '100-continue', 'transfer-encoding': 'chunked' };
      const sent = httpRequest(`${host.url}/repo/${seed.id}.git/git-upload-pack`, { method: 'POST', headers });
      const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
      sent.flushHeaders();
      await once(sent, 'continue');
      for (const piece of [LIST_REFS.slice(0, 10), LIST_REFS.slice(10)]) sent.write(piece);
      sent.end();
      const [answer] = await answered;
      answer.resume();
      expect(answer.statusCode).toBe(200);
    },
  },
  {
    name: 'A body that git cannot read',
    source: 'gitprotocol-http(5)',
    offered: 'no',
    note: 'refused with 400',
    async see({ request }) {
      const answer = await request('/git-upload-pack', { method: 'POST', headers: RPC, body: 'garbage' });
      expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('could not make sense')]);
    },
  },
  {
    name: 'A repo that is not there',
    source: 'gitprotocol-http(5), Smart Server Response',
    offered: 'no',
    note: 'a token hears 403, whether it exists or not; the account hears 404',
    async see({ request, host }) {
      const path = '/../00000000-0000-4000-8000-000000000000.git/info/refs?service=git-upload-pack';
      expect((await request(path)).status).toBe(403);
      expect((await request(path, { token: 'account-key-of-the-tests' })).status).toBe(404);
      expect(host.url).toMatch(/\/v1$/);
    },
  },
  {
    name: 'The dumb protocol',
    source: 'gitprotocol-http(5), Dumb Clients',
    offered: 'no',
    note: 'refused with 403; no file of a repo’s directory is served',
    async see({ request }) {
      for (const path of ['/info/refs', '/HEAD', '/config', '/objects/info/packs', '/objects/17/a']) {
        const answer = await request(path);
        expect([path, answer.status, await answer.text()]).toEqual([path, 403, expect.stringContaining('smart HTTP')]);
      }
    },
  },
  {
    name: 'Git LFS',
    source: 'git-lfs, Batch API',
    offered: 'no',
    note: 'its endpoints answer 501; files are committed themselves, up to what a push may hold (2 GiB)',
    async see({ request }) {
      const answer = await request('/info/lfs/objects/batch', { method: 'POST', body: '{}' });
      expect([answer.status, await answer.text()]).toEqual([501, expect.stringContaining('Git LFS is not available')]);
    },
  },
];
